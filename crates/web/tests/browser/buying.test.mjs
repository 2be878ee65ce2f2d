// What goes wrong when people buy, and what they are told.

import assert from "node:assert/strict";

import {
  isAt, isStill, isTold, mark, NO_NEWS, reserveOn, sees, story, unique, withoutNews,
} from "./support.mjs";

const payButton = (page) => page.getByRole("button", { name: /^Pay/ });
const stateOf = (page) => page.locator(".big-main .badge");

story("a declined card says why, and another one works", async (world) => {
  const seller = await world.register();
  const ticket = await world.list(seller, `Declined ${unique()}`, 20);
  const buyer = await world.person();
  await reserveOn(buyer, ticket);
  for (const [card, why] of [
    [/9995/, "There is not enough money on this card."],
    [/0069/, "This card has expired."],
    [/0002/, "The bank declined this card."],
  ]) {
    await buyer.getByLabel(card).check();
    await payButton(buyer).click();
    await isTold(buyer, why);
    await isTold(buyer, "You were not charged, and the ticket is still kept for you");
  }
  await buyer.getByLabel(/4444/).check();
  await payButton(buyer).click();
  await sees(stateOf(buyer), "Complete");
  const steps = await buyer.locator(".history li > span").allTextContents();
  const [tried, declined] = ["A payment was started.", "The card was declined; nothing was charged."];
  assert.deepEqual(steps, [
    "Reserved: the ticket is kept for the buyer.",
    tried, declined, tried, declined, tried, declined,
    tried, "The card was charged.", "Complete: the ticket is the buyer’s.",
  ]);
});

story("of two who click at once one gets the ticket, the other a kind word", async (world) => {
  const seller = await world.register();
  const ticket = await world.list(seller, `Race ${unique()}`);
  const rivals = [
    await world.person({ tolerate: NO_NEWS }), await world.person({ tolerate: NO_NEWS }),
  ];
  for (const rival of rivals) {
    await withoutNews(rival);
    await rival.goto(`/tickets/${ticket.id}`);
  }
  await Promise.all(rivals.map(async (rival) => {
    await rival.getByRole("button", { name: "Reserve it" }).click();
    await rival.locator(".note").waitFor();
  }));
  const hasWon = rivals.map((rival) => new URL(rival.url()).pathname.startsWith("/orders/"));
  assert.deepEqual([...hasWon].sort(), [false, true]);
  const loser = rivals[hasWon.indexOf(false)];
  await isTold(loser, "Somebody was a moment quicker.");
  await loser.getByRole("link", { name: "See other tickets" }).click();
  await isAt(loser, "/");
});

story("a double click makes one order and one payment", async (world) => {
  const seller = await world.register();
  for (const javaScriptEnabled of [true, false]) {
    const ticket = await world.list(seller, `Twice ${unique()}`);
    const buyer = await world.person({ javaScriptEnabled });
    await buyer.goto(`/tickets/${ticket.id}`);
    await buyer.getByRole("button", { name: "Reserve it" }).dblclick();
    await isAt(buyer, /^\/orders\//);
    await isTold(buyer, "It is kept for you.");
    const order = new URL(buyer.url()).pathname.split("/").pop();
    await payButton(buyer).dblclick();
    await buyer.locator(".note, .step-good, .paying").first().waitFor();
    const orders = await world.api(buyer.person, "GET", "/api/orders?as=buyer");
    assert.equal(orders.length, 1);
    const payments = await world.api(buyer.person, "GET", `/api/payments?orderId=${order}`);
    assert.equal(payments.length, 1);
  }
});

story("going back after reserving shows how things stand now", async (world) => {
  const seller = await world.register();
  const ticket = await world.list(seller, `Back ${unique()}`);
  // no news comes to the rescue
  const buyer = await world.person({ tolerate: NO_NEWS });
  await withoutNews(buyer);
  await reserveOn(buyer, ticket);
  await buyer.goBack();
  await isAt(buyer, `/tickets/${ticket.id}`);
  await sees(buyer.locator(".state-word"), "You have reserved it.");
  await buyer.getByRole("link", { name: "Go to your order" }).click();
  await payButton(buyer).click();
  await sees(stateOf(buyer), "Complete");
  await buyer.goBack();
  await sees(stateOf(buyer), "Complete");
  assert.equal(await payButton(buyer).count(), 0);
});

story("a second tab follows the first, and does no harm", async (world) => {
  const seller = await world.register();
  const ticket = await world.list(seller, `Tabs ${unique()}`);
  const first = await world.person({ tolerate: NO_NEWS });
  const deaf = await first.context().newPage();
  const second = await first.context().newPage();
  await withoutNews(deaf);
  for (const tab of [deaf, second]) await tab.goto(`/tickets/${ticket.id}`);
  await mark(second);
  await reserveOn(first, ticket);
  // one has heard of it, the other tries
  await sees(second.locator(".state-word"), "You have reserved it.");
  assert.ok(await isStill(second));
  await deaf.getByRole("button", { name: "Reserve it" }).click();
  await isTold(deaf, "You have reserved this ticket already; here is your order.");
  await second.getByRole("link", { name: "Go to your order" }).click();
  await isAt(second, /^\/orders\//);
  await payButton(first).click();
  await sees(stateOf(first), "Complete");
  await sees(stateOf(second), "Complete");
  await payButton(deaf).click();
  await isTold(deaf, "You have paid for this already");
});

story("a ticket that was withdrawn meanwhile says so", async (world) => {
  const seller = await world.register();
  const ticket = await world.list(seller, `Withdrawn ${unique()}`);
  const deaf = await world.person({ tolerate: NO_NEWS });
  const other = await world.guest();
  await withoutNews(deaf);
  for (const page of [deaf, other]) await page.goto(`/tickets/${ticket.id}`);
  await world.api(seller, "DELETE", `/api/tickets/${ticket.id}`);
  await sees(other.locator(".state-word"), "Its seller has taken it back.");
  assert.equal(await other.getByRole("button", { name: "Reserve it" }).count(), 0);
  await deaf.getByRole("button", { name: "Reserve it" }).click();
  await isTold(deaf, "This ticket is not on sale any more.");
});

story("a slow bank is waited for, and charges once", async (world) => {
  const seller = await world.register();
  const ticket = await world.list(seller, `Slow ${unique()}`);
  const buyer = await world.person();
  await reserveOn(buyer, ticket);
  await buyer.getByLabel(/0341/).check();
  await payButton(buyer).click();
  await sees(stateOf(buyer), "Complete", 60_000);
  const order = new URL(buyer.url()).pathname.split("/").pop();
  const payments = await world.api(buyer.person, "GET", `/api/payments?orderId=${order}`);
  assert.deepEqual(payments.map((payment) => payment.status), ["captured"]);
});

story("a cancelled order gives the ticket back at once", async (world) => {
  const seller = await world.register();
  const ticket = await world.list(seller, `Cancelled ${unique()}`);
  const buyer = await world.person();
  const other = await world.guest();
  await reserveOn(buyer, ticket);
  await other.goto(`/tickets/${ticket.id}`);
  await sees(other.locator(".badge"), "Reserved");
  assert.equal(await other.getByRole("button", { name: "Reserve it" }).count(), 0);
  await buyer.getByText("I don’t want it any more").click();
  await buyer.getByRole("button", { name: "Cancel the order" }).click();
  await isTold(buyer, "The order is cancelled.");
  await sees(buyer.locator(".history"), "Cancelled by the buyer; the ticket went back on sale.");
  await other.getByRole("button", { name: "Reserve it" }).waitFor();
});
