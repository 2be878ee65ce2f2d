"""Points some of the generated requests at things that exist, and judges refusals.

Generated ids are random, so that nearly every request for one would end with 404. Here one half of
the ids that are well formed become ids of tickets, orders and payments that `TICKETING_KNOWN`
names. Ids that are malformed on purpose stay as they are.

The exchange answers 400 for what is malformed and for what a rule forbids (a ticket that somebody else
has); only the first would contradict a document that allows the request.
"""

import ast
import json
import os
import threading
import uuid

import schemathesis


def one_at_a_time(function):
    """The same function, by one thread at a time."""
    turn = threading.RLock()

    def alone(*arguments, **options):
        with turn:
            return function(*arguments, **options)

    return alone


# CPython 3.11 counts the depth of a syntax tree in one place for all threads: two that parse at the
# same time can fail with "AST constructor recursion depth mismatch" (python/cpython#106905).
ast.parse = one_at_a_time(ast.parse)

with open(os.environ["TICKETING_KNOWN"], encoding="utf-8") as file:
    KNOWN = json.load(file)


def known(kind, value):
    """An id of this kind that exists, for every other well-formed value; the value otherwise."""
    try:
        number = uuid.UUID(value).int
    except (AttributeError, TypeError, ValueError):
        return value
    if str(uuid.UUID(int=number)) != value or number % 2:
        return value
    return KNOWN[kind][number // 2 % len(KNOWN[kind])]


def replace(values, name, kind):
    """The same values, with the one called `name` made to exist."""
    if isinstance(values, dict) and name in values:
        return {**values, name: known(kind, values[name])}
    return values


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    """`/api/<kind>/{id}`"""
    kind = context.operation.path.split("/")[2] if context.operation.path.count("/") > 2 else ""
    return replace(path_parameters, "id", kind) if kind in KNOWN else path_parameters


@schemathesis.hook
def map_query(context, query):
    """`GET /api/payments?orderId=`"""
    return replace(query, "orderId", "orders")


@schemathesis.hook
def map_body(context, body):
    """`POST /api/orders` and `POST /api/payments`"""
    return replace(replace(body, "ticketId", "tickets"), "orderId", "orders")


def is_beyond_words(rule):
    """Rules that no document can say: a start key's keys depend on the sort, a search's on words."""
    rules = ("this is the sort", "must have a letter or a digit", "must have at most 8 words")
    return any(known in rule for known in rules)


@schemathesis.check
def what_the_document_allows_is_well_formed(ctx, response, case):
    """A request that follows the document may be refused, but not as malformed."""
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    if response.status_code != 400 or response.json().get("type") != "/errors/validation":
        return
    wrong = [error for error in response.json()["errors"] if not is_beyond_words(error["message"])]
    if wrong:
        raise AssertionError(f"refused as malformed: {wrong}")
