// What the browser tests share: a browser, people who are signed in, and what they see.
//
// `cargo xtask browser` says by the environment where the exchange is (TICKETING_URL), and where
// one is that gives buyers a few seconds instead of 15 minutes (TICKETING_HASTY_URL).

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { after, test } from "node:test";

// the packages are in the build folder, which NODE_PATH names; imports don't look there
const require = createRequire(import.meta.url);
const { chromium } = require("playwright-core");

export const EXCHANGE = process.env.TICKETING_URL ?? "http://127.0.0.1:8080";
export const HASTY = process.env.TICKETING_HASTY_URL;
export const PASSWORD = "nine lives of a cat";

const OUTPUT = process.env.TICKETING_BROWSER_OUTPUT ?? ".";

/** How long anything may take to come about, in ms: far more than it takes. */
const PATIENCE = 15_000;

const FLAGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
  "--disable-background-networking", "--disable-component-update",
];

export const PHONE = { width: 390, height: 844 };
export const DESKTOP = { width: 1200, height: 850 };

let browser;

after(() => browser?.close());

/** A test of an exchange in a world of its own, which is closed at its end. */
export function story(name, tell, { exchange = EXCHANGE, ...options } = {}) {
  const skip = exchange ? false : "there is no exchange that is in a hurry";
  test(name, { timeout: 120_000, skip, ...options }, async () => {
    browser ??= await chromium.launch({
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS,
    });
    const world = new World(exchange);
    try {
      await tell(world);
      assert.deepEqual(world.faults, [], "the pages complained");
    } catch (error) {
      await world.photographAll(name);
      throw error;
    } finally {
      await world.close();
    }
  });
}

/** A word that nothing else in the exchange has. */
export function unique() {
  return `w${randomBytes(5).toString("hex")}`;
}

class World {
  faults = [];
  #contexts = [];
  #lines = [];

  constructor(url) {
    this.url = url;
  }

  /** The page of somebody who isn't signed in; `tolerate` is what its console may say. */
  async guest({ tolerate, ...options } = {}) {
    const context = await browser.newContext({
      baseURL: this.url, viewport: DESKTOP, locale: "en-GB", timezoneId: "Europe/Berlin",
      ...options,
    });
    this.#contexts.push(context);
    context.setDefaultTimeout(PATIENCE);
    await context.addInitScript(() => {
      document.addEventListener("securitypolicyviolation", (event) => {
        console.error(`CSP: ${event.violatedDirective} forbids ${event.blockedURI}`);
      });
    });
    context.on("page", (page) => this.#listenTo(page, tolerate));
    return context.newPage();
  }

  /** The page of somebody who has just registered; `page.person` is who. */
  async person(options) {
    const person = await this.register();
    const page = await this.guest(options);
    await this.signIn(page, person);
    return Object.assign(page, { person });
  }

  /** Gives the page's browser the person's session. */
  async signIn(page, { token }) {
    const cookie = { name: "ory_kratos_session", value: token, url: this.url, httpOnly: true };
    await page.context().addCookies([{ ...cookie, sameSite: "Lax" }]);
  }

  /** Registers somebody without a browser. */
  async register() {
    const email = `${unique()}@example.com`;
    const flow = await this.#ask("GET", "/self-service/registration/api");
    const body = { method: "password", password: PASSWORD, traits: { email } };
    const path = `/self-service/registration?flow=${flow.id}`;
    const { session_token: token } = await this.#ask("POST", path, { body });
    return { email, token };
  }

  /** Asks the API as `person`. */
  api(person, method, path, body) {
    return this.#ask(method, path, { body, token: person.token });
  }

  /** Lists a ticket and answers it. */
  list(seller, title, price = 49.5, description = undefined) {
    return this.api(seller, "POST", "/api/tickets", { title, price, description });
  }

  /** Reserves a ticket and answers the order. */
  reserve(buyer, ticket) {
    return this.api(buyer, "POST", "/api/orders", { ticketId: ticket.id });
  }

  /** Pays for an order. */
  pay(buyer, order, token = "tok_visa") {
    return this.api(buyer, "POST", "/api/payments", { orderId: order.id, token });
  }

  async #ask(method, path, { body, token } = {}) {
    const headers = { accept: "application/json" };
    if (body) headers["content-type"] = "application/json";
    if (token) headers.authorization = `Bearer ${token}`;
    const url = new URL(path, this.url);
    const response = await fetch(url, { method, headers, body: body && JSON.stringify(body) });
    const text = await response.text();
    assert.ok(response.ok, `${method} ${path}: ${response.status} ${text}`);
    return text ? JSON.parse(text) : undefined;
  }

  #listenTo(page, tolerate) {
    const complain = (text) => {
      if (!tolerate?.test(text)) this.faults.push(`${page.url()}: ${text}`);
    };
    page.on("pageerror", (error) => complain(error.message));
    page.on("console", (message) => {
      // that a page answered 404 or 400 is no fault of the page
      const isAnswer = /the server responded with a status of 4\d\d/.test(message.text());
      const isPage = message.location().url === page.url();
      if (message.type() === "error" && !(isAnswer && isPage)) complain(message.text());
    });
  }

  /** A line to the exchange that can be cut, and mended: browsers come by `url`. */
  async line() {
    const { hostname, port } = new URL(this.url);
    const sockets = new Set();
    let isCut = false;
    const server = createServer((near) => {
      if (isCut) return near.destroy();
      const far = connect(port, hostname);
      for (const [socket, other] of [[near, far], [far, near]]) {
        sockets.add(socket);
        socket.pipe(other);
        socket.on("error", () => other.destroy());
        socket.on("close", () => { other.destroy(); sockets.delete(socket); });
      }
    });
    await new Promise((done) => { server.listen(0, "127.0.0.1", done); });
    const cut = () => {
      isCut = true;
      for (const socket of sockets) socket.destroy();
    };
    this.#lines.push(() => { cut(); server.close(); });
    return { url: `http://127.0.0.1:${server.address().port}`, cut, mend: () => { isCut = false; } };
  }

  async photographAll(name) {
    for (const [index, page] of this.#contexts.flatMap((it) => it.pages()).entries()) {
      const file = `${name.replace(/\W+/g, "-").slice(0, 60)}-${index}.png`;
      console.error(`  ${page.url()} looked so: ${join(OUTPUT, "failed", file)}`);
      await photograph(page, "failed", file).catch(() => {});
    }
  }

  async close() {
    for (const context of this.#contexts) await context.close();
    for (const end of this.#lines) end();
  }
}

/** Puts a picture of the page into a folder of the output. */
export async function photograph(page, folder, file) {
  mkdirSync(join(OUTPUT, folder), { recursive: true });
  await page.screenshot({ path: join(OUTPUT, folder, file), animations: "disabled" });
}

/** Waits until what `locator` names is there and says `text`. */
export async function sees(locator, text, timeout = PATIENCE) {
  await locator.filter({ hasText: text }).first().waitFor({ timeout });
}

/** Waits until the page tells this about what was just done. */
export function isTold(page, text) {
  return sees(page.locator(".note"), text);
}

/** Waits until the page is the one at `path`, whatever its query. */
export async function isAt(page, path) {
  const fits = (pathname) => path instanceof RegExp ? path.test(pathname) : path === pathname;
  const arrives = () =>
    page.waitForURL((url) => fits(url.pathname), { waitUntil: "domcontentloaded" });
  // bounded: by how often somebody sets out
  for (;;) {
    try {
      return await arrives();
    } catch (error) {
      // the second click of two sets out anew: what counts is where that ends
      if (!error.message.includes("ERR_ABORTED")) throw error;
    }
  }
}

/** Whether the visitor is in `field`: asked in one step, since a live page may swap it between two. */
export async function hasFocus(field) {
  return await field.and(field.page().locator(":focus")).count() === 1;
}

/** Lets no news reach what is opened from now on: as on a bad line. */
export async function withoutNews(page) {
  await page.route("**/live?*", (route) => route.abort());
}

/** What the console says then. */
export const NO_NEWS = /ERR_FAILED/;

/** Clicks "Reserve it" on the page of a ticket, and waits for the order's page. */
export async function reserveOn(page, ticket) {
  await page.goto(`/tickets/${ticket.id}`);
  await page.getByRole("button", { name: "Reserve it" }).click();
  await isAt(page, /^\/orders\//);
}

/** Fills in the form to register, or to sign in. */
export async function giveCredentials(page, button, email, password = PASSWORD) {
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel(/^(New password|Password)$/).fill(password);
  await page.getByRole("button", { name: button, exact: true }).click();
}

/** Marks the page, so that [`isStill`] can tell whether it was loaded anew. */
export async function mark(page) {
  await page.evaluate(() => { window.marked = true; });
}

/** Whether the page is the one that was marked. */
export function isStill(page) {
  return page.evaluate(() => window.marked === true);
}

/** What a list says of a ticket that somebody has: whether it is paid for, guests aren't told. */
export const GONE = /Reserved|Sold/;
