// Open pages hear of changes, also after a broken line.

import assert from "node:assert/strict";
import { setTimeout } from "node:timers/promises";

import { GONE, hasFocus, isAt, isStill, mark, sees, story, unique } from "./support.mjs";

/** What the console says of a line that is cut. */
const CUT = /net::ERR_/;

story("a page that lost its line hears what it has missed", async (world) => {
  const [seller, buyer] = [await world.register(), await world.register()];
  const word = unique();
  const [known, missed] = [
    await world.list(seller, `Line one ${word}`), await world.list(seller, `Line two ${word}`),
  ];
  const line = await world.line();
  const page = await world.guest({ baseURL: line.url, tolerate: CUT });
  const connected = page.waitForResponse(/\/live\?/);
  await page.goto(`/?q=${word}`);
  await connected;
  await mark(page);
  const badge = ({ title }) => page.locator(".ticket").filter({ hasText: title }).locator(".badge");
  await world.reserve(buyer, known);
  await sees(badge(known), GONE);

  line.cut();
  await world.reserve(buyer, missed);
  // the browser tries in vain
  await page.waitForEvent("requestfailed", (request) => /\/live\?/.test(request.url()));
  await sees(badge(missed), "Available");
  const again = page.waitForRequest(/\/live\?/);
  line.mend();
  await sees(badge(missed), GONE);
  const headers = await (await again).allHeaders();
  assert.match(headers["last-event-id"] ?? "", /^[0-9a-f-]{36}$/);
  assert.ok(await isStill(page), "it was loaded anew");
});

story("an open order follows what its buyer does elsewhere", async (world) => {
  const seller = await world.person();
  const buyer = await world.person();
  const ticket = await world.list(seller.person, `Elsewhere ${unique()}`);
  const order = await world.reserve(buyer.person, ticket);
  for (const page of [seller, buyer]) await opened(page, `/orders/${order.id}`);
  await world.pay(buyer.person, order);
  for (const page of [seller, buyer]) {
    await sees(page.locator(".big-main .badge"), "Complete");
    assert.ok(await isStill(page));
  }
});

story("lists of many orders follow, too", async (world) => {
  const seller = await world.person();
  const buyer = await world.register();
  const orders = await reserveMany(world, seller.person, buyer, 7);
  const connected = seller.waitForResponse(/\/live\?/);
  await seller.goto("/sales");
  assert.equal((await connected).status(), 200);
  await world.api(buyer, "DELETE", `/api/orders/${orders.at(-1).id}`);
  await sees(seller.locator(".ticket").first(), "Cancelled");
});

story("what was chosen on a page outlives a change of it", async (world) => {
  const seller = await world.register();
  const buyer = await world.person();
  const ticket = await world.list(seller, `Chosen ${unique()}`);
  const order = await world.reserve(buyer.person, ticket);
  await buyer.goto(`/orders/${order.id}`);
  const card = buyer.getByLabel(/4444/);
  await card.check();
  await card.focus();
  await decline(world, buyer.person, order);
  await sees(buyer.locator(".history"), "The card was declined");
  assert.ok(await card.isChecked());
  assert.ok(await hasFocus(card));
});

story("what was chosen on a page outlives a change that hides it for a while", async (world) => {
  const { buyer, card, comeBack } = await hiddenCard(world);
  await comeBack();
  assert.ok(await isStill(buyer));
  assert.ok(await card.isChecked());
  assert.ok(await hasFocus(card));
});

story("who does something meanwhile stays where they are", async (world) => {
  const { buyer, card, comeBack } = await hiddenCard(world);
  await buyer.keyboard.press("Space");
  await comeBack();
  assert.ok(await card.isChecked());
  assert.equal(await buyer.evaluate(() => document.activeElement.id), "content");
});

/** A card that somebody had chosen, and was about to use, when the form went away. */
async function hiddenCard(world) {
  const seller = await world.register();
  const buyer = await world.person();
  const ticket = await world.list(seller, `Hidden ${unique()}`);
  const order = await world.reserve(buyer.person, ticket);
  await opened(buyer, `/orders/${order.id}`);
  const card = buyer.getByLabel(/4444/);
  await card.check();
  await card.focus();
  // a page that is fetched while a card is being asked has no form
  await buyer.route(buyer.url(), async (route) => {
    const response = await route.fetch();
    const body = (await response.text()).replace(/<form[^>]*\/pay"[^]*?<\/form>/, "<i>Asking</i>");
    await route.fulfill({ response, body });
  });
  await decline(world, buyer.person, order);
  await sees(buyer.locator("section.pay i"), "Asking");
  const comeBack = async () => {
    await buyer.unroute(buyer.url());
    await decline(world, buyer.person, order);
    await card.waitFor();
  };
  return { buyer, card, comeBack };
}

/** Asks for money from a card that is declined. */
const decline = (world, buyer, order) =>
  assert.rejects(world.pay(buyer, order, "tok_chargeDeclined"), /: 402 /);

/** Opens a page that listens, and marks it. */
async function opened(page, path) {
  const connected = page.waitForResponse(/\/live\?/);
  await page.goto(path);
  await connected;
  await mark(page);
}

/** Orders of `buyer` for so many new tickets of `seller`, oldest first. */
async function reserveMany(world, seller, buyer, count) {
  const orders = [];
  for (let number = 0; number < count; number += 1) {
    const ticket = await world.list(seller, `Many ${number} ${unique()}`);
    orders.push(await world.reserve(buyer, ticket));
  }
  return orders;
}

/** Another tab is in front of the page, for longer than it listens, or is it again. */
async function turn(page, isHidden) {
  await page.evaluate((value) => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => value });
    document.dispatchEvent(new Event("visibilitychange"));
  }, isHidden);
  if (isHidden) await page.clock.fastForward(31_000);
}

/** A request for what `page` shows. */
const asksAnew = (page) => page.waitForRequest((request) => request.url() === page.url());

story("a page that has heard nothing yet hears what happened while its line was away", async (world) => {
  const [seller, buyer] = [await world.register(), await world.register()];
  const ticket = await world.list(seller, `Nothing heard ${unique()}`);
  const line = await world.line();
  const page = await world.guest({ baseURL: line.url, tolerate: CUT });
  await opened(page, `/tickets/${ticket.id}`);
  line.cut();
  await world.reserve(buyer, ticket);
  // longer than what is told to who says nothing
  await setTimeout(12_000);
  await sees(page.locator(".badge"), "Available");
  const again = page.waitForRequest(/\/live\?/);
  line.mend();
  await sees(page.locator(".badge"), "Reserved");
  assert.match((await (await again).allHeaders())["last-event-id"] ?? "", /^[0-9a-f-]{36}$/);
  assert.ok(await isStill(page), "it was loaded anew");
});

story("a page that is refused to listen tries again, and is true then", async (world) => {
  const [seller, buyer] = [await world.register(), await world.register()];
  const word = unique();
  const ticket = await world.list(seller, `Refused ${word}`);
  const page = await world.guest({ tolerate: /status of 50[23]/ });
  const refusals = [503, 502];
  await page.route("**/live?*", (route) => {
    const status = refusals.shift();
    return status ? route.fulfill({ status }) : route.continue();
  });
  await opened(page, `/?q=${word}`);
  await page.waitForResponse((response) => /\/live\?/.test(response.url()) && response.ok());
  await world.reserve(buyer, ticket);
  await sees(page.locator(".ticket .badge"), GONE);
  assert.ok(await isStill(page));
});

story("who comes back to a tab sees what has changed, also where the first try fails", async (world) => {
  const [seller, buyer] = [await world.person(), await world.register()];
  const word = unique();
  const ticket = await world.list(seller.person, `Tab ${word}`);
  const guest = await world.guest({ tolerate: /status of 503/ });
  for (const [page, path] of [[guest, `/?q=${word}`], [seller, "/my/tickets"]]) {
    await page.clock.install();
    await opened(page, path);
    await turn(page, true);
  }
  await world.reserve(buyer, ticket);
  const refusals = [503];
  await guest.route(guest.url(), (route) => {
    const status = refusals.shift();
    return status ? route.fulfill({ status }) : route.continue();
  });
  for (const page of [guest, seller]) {
    const asked = asksAnew(page);
    await turn(page, false);
    await asked;
    await sees(page.locator(".ticket .badge"), GONE);
    assert.ok(await isStill(page));
  }
  assert.equal(refusals.length, 0);
});

story("who was signed out meanwhile doesn't find an order on the screen", async (world) => {
  const seller = await world.register();
  const buyer = await world.person();
  const order = await world.reserve(buyer.person, await world.list(seller, `Private ${unique()}`));
  await buyer.clock.install();
  await opened(buyer, `/orders/${order.id}`);
  await turn(buyer, true);
  await buyer.context().clearCookies();
  await turn(buyer, false);
  await isAt(buyer, "/sign-in");
});

story("sales that are open show a new one", async (world) => {
  const [seller, buyer] = [await world.person(), await world.register()];
  const ticket = await world.list(seller.person, `New sale ${unique()}`);
  await opened(seller, "/sales");
  await sees(seller.locator(".empty"), "No sales here.");
  await world.reserve(buyer, ticket);
  await sees(seller.locator(".ticket"), ticket.title);
  assert.ok(await isStill(seller));
});

story("who has read on in a list of orders hears of changes to all of them", async (world) => {
  const seller = await world.register();
  const buyer = await world.person();
  const orders = await reserveMany(world, seller, buyer.person, 21);
  await opened(buyer, "/orders");
  await buyer.getByRole("link", { name: "Show more" }).click();
  await buyer.getByRole("link", { name: "Show more" }).waitFor({ state: "detached" });
  const rows = buyer.locator("[data-list] > li");
  // of the last one on such a long list nothing is told, but it comes with the next refresh
  for (const order of [orders[0], orders.at(-1)]) {
    await world.api(buyer.person, "DELETE", `/api/orders/${order.id}`);
  }
  for (const row of [rows.first(), rows.last()]) await sees(row, "Cancelled");
  assert.equal(await rows.count(), 21);
  assert.ok(await isStill(buyer));
});

story("a screen reader is told the state of a ticket, and not what its seller says", async (world) => {
  const [seller, buyer] = [await world.register(), await world.register()];
  const title = `Said ${unique()}`;
  const ticket = await world.list(seller, title, 20, "By the door, a bit of a draught.");
  const page = await world.guest();
  await opened(page, `/tickets/${ticket.id}`);
  await world.reserve(buyer, ticket);
  await sees(page.locator("#announce"), "Somebody is paying for it.");
});
