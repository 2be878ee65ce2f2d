// Open pages hear of changes, also after a broken line.

import assert from "node:assert/strict";

import { GONE, isStill, mark, sees, story, unique } from "./support.mjs";

/** What the console says of a line that is cut. */
const CUT = /ERR_INTERNET_DISCONNECTED|ERR_NETWORK_CHANGED|ERR_INCOMPLETE|Failed to fetch/;

story("a page that lost its line hears what it has missed", async (world) => {
  const [seller, buyer] = [await world.register(), await world.register()];
  const ticket = await world.list(seller, `Line ${unique()}`);
  const page = await world.guest({ tolerate: CUT });
  const connected = page.waitForResponse(/\/live\?/);
  await page.goto(`/?q=${ticket.title.split(" ").pop()}`);
  await connected;
  await mark(page);
  const badge = page.locator("[data-list] .badge");
  const order = await world.reserve(buyer, ticket);
  await sees(badge, GONE);

  await page.context().setOffline(true);
  await world.api(buyer, "DELETE", `/api/orders/${order.id}`);
  const again = page.waitForRequest(/\/live\?/);
  await page.context().setOffline(false);
  await sees(badge, "Available");
  assert.match((await (await again).allHeaders())["last-event-id"] ?? "", /^[0-9a-f-]{36}$/);
  assert.ok(await isStill(page));
});

story("an open order follows what its buyer does elsewhere", async (world) => {
  const seller = await world.person();
  const buyer = await world.person();
  const ticket = await world.list(seller.person, `Elsewhere ${unique()}`);
  const order = await world.reserve(buyer.person, ticket);
  for (const page of [seller, buyer]) {
    const connected = page.waitForResponse(/\/live\?/);
    await page.goto(`/orders/${order.id}`);
    await connected;
    await mark(page);
  }
  await world.pay(buyer.person, order);
  for (const page of [seller, buyer]) {
    await sees(page.locator(".big-main .badge"), "Complete");
    assert.ok(await isStill(page));
  }
});

story("lists of many orders follow, too", async (world) => {
  const seller = await world.person();
  const buyer = await world.register();
  const orders = [];
  for (let number = 0; number < 7; number += 1) {
    const ticket = await world.list(seller.person, `Many ${number} ${unique()}`);
    orders.push(await world.reserve(buyer, ticket));
  }
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
  await world.api(buyer.person, "POST", "/api/payments", {
    orderId: order.id, token: "tok_chargeDeclined",
  }).catch(() => {});
  await sees(buyer.locator(".history"), "The card was declined");
  assert.ok(await card.isChecked());
  assert.ok(await card.evaluate((it) => it === document.activeElement));
});
