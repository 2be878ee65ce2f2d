// Who may do what in the ticket exchange: the only definition.
//
// Ory Keto loads this file, and so does the engine that the exchange carries inside. The two
// rank `&&` and `||` differently, so wherever both meet, parentheses say what is meant.
// A tuple such as `Ticket:T#owners@User:U` holds no later than the entity becomes visible.

import { Namespace, Context, SubjectSet } from "@ory/keto-namespace-types"

// A person with an account.
class User implements Namespace {}

// People with a task; `Group:admin` looks after the exchange.
class Group implements Namespace {
  related: {
    members: User[]
  }
}

// A ticket for sale. Its owner is the seller.
class Ticket implements Namespace {
  related: {
    owners: User[]
  }

  permits = {
    edit: (ctx: Context): boolean => this.related.owners.includes(ctx.subject),

    // Nobody buys from themselves.
    order: (ctx: Context): boolean => !this.related.owners.includes(ctx.subject),

    // Anyone: the language has no `true`, but everyone is an owner or isn't.
    view: (ctx: Context): boolean => this.permits.edit(ctx) || this.permits.order(ctx),
  }
}

// A reservation of a ticket. Its owner is the buyer; its parent is the ticket.
class Order implements Namespace {
  related: {
    owners: User[]
    parents: Ticket[]
  }

  permits = {
    edit: (ctx: Context): boolean => this.related.owners.includes(ctx.subject),

    // The seller sees who reserved the ticket.
    view: (ctx: Context): boolean =>
      this.permits.edit(ctx) ||
      this.related.parents.traverse((p) => p.permits.edit(ctx)),
  }
}

// A payment for an order. Its owner is the payer; its parent is the order.
class Payment implements Namespace {
  related: {
    owners: User[]
    parents: Order[]
  }

  permits = {
    edit: (ctx: Context): boolean => this.related.owners.includes(ctx.subject),

    // Whoever sees the order sees that it was paid.
    view: (ctx: Context): boolean =>
      this.permits.edit(ctx) ||
      this.related.parents.traverse((p) => p.permits.view(ctx)),
  }
}

// The moderation of the exchange; `Moderation:M#editors@Group:admin#members` opens it to admins.
class Moderation implements Namespace {
  related: {
    editors: SubjectSet<Group, "members">[]
  }

  permits = {
    edit: (ctx: Context): boolean => this.related.editors.includes(ctx.subject),

    view: (ctx: Context): boolean => this.permits.edit(ctx),
  }
}
