// The whole story, as two people and a third who only looks live it.

import assert from "node:assert/strict";

import { giveCredentials, isAt, isTold, PHONE, sees, story, unique } from "./support.mjs";

/** How soon an open page shows what has happened, in ms. */
const SOON = 1000;

story("a ticket is sold, found, reserved, paid, and seen by who looks on", async (world) => {
  const word = unique();
  const title = `Glass Anchors ${word}, Hamburg`;

  // somebody registers on the way to selling
  const seller = await world.guest();
  await seller.goto("/");
  await seller.getByRole("link", { name: "Sell", exact: true }).click();
  await seller.getByRole("link", { name: "Create an account" }).click();
  await giveCredentials(seller, "Create the account", `seller-${word}@example.com`);
  await isAt(seller, "/sell");
  await seller.getByLabel("What is it for?").fill(title);
  await seller.getByLabel("Price").fill("49,50");
  await seller.getByLabel("Anything else?").fill("Block B, row 4.");
  await seller.getByRole("button", { name: "List the ticket" }).click();
  await isTold(seller, "Your ticket is on sale.");
  const ticketPath = new URL(seller.url()).pathname;

  // a guest looks at a list, and goes on looking
  const guest = await world.guest({ viewport: PHONE });
  const connected = guest.waitForResponse(/\/live\?/);
  await guest.goto(`/?q=${word}`);
  await connected;
  const badge = guest.locator("[data-list] .badge");
  await sees(badge, "Available");

  // somebody else finds it as they type
  const buyer = await world.guest({ viewport: PHONE });
  await buyer.goto("/");
  await buyer.getByLabel("Search tickets by name").pressSequentially(`anch ${word}`);
  await sees(buyer.locator("#results"), "What we found");
  await buyer.getByRole("link", { name: title }).click();
  await isAt(buyer, ticketPath);
  await sees(buyer.locator(".price"), "€49.50");
  await buyer.getByRole("button", { name: "Reserve it" }).click();
  await isAt(buyer, "/sign-in");
  await buyer.getByRole("link", { name: "Create an account" }).click();
  await giveCredentials(buyer, "Create the account", `buyer-${word}@example.com`);
  await isAt(buyer, ticketPath);

  const answered = buyer.waitForResponse(/\/reserve$/);
  await buyer.getByRole("button", { name: "Reserve it" }).click();
  await answered;
  const reserved = performance.now();
  await sees(badge, "Reserved");
  const took = performance.now() - reserved;
  assert.ok(took < SOON, `the guest was told after ${Math.round(took)} ms`);

  await isTold(buyer, "It is kept for you.");
  const stranger = await world.guest();
  await stranger.goto(ticketPath);
  await sees(stranger.locator(".state-word"), /It may come back at \d/);
  await sees(seller.locator(".big-stub .badge"), "Reserved");
  await sees(seller.locator(".big-stub"), "You can’t edit or withdraw it now");

  await buyer.getByLabel(/4242/).check();
  await buyer.getByRole("button", { name: "Pay €49.50" }).click();
  await sees(buyer.locator(".big-main .badge"), "Complete");
  await sees(seller.locator(".big-stub .badge"), "Sold");
  await sees(badge, "Sold");

  // both find it again
  await buyer.goto("/orders");
  await sees(buyer.locator(".ticket").filter({ hasText: title }), "Complete");
  await seller.getByText("Menu").click();
  await seller.getByRole("link", { name: "Sales" }).click();
  await isAt(seller, "/sales");
  await sees(seller.locator(".ticket").filter({ hasText: title }), "Complete");
  await seller.getByRole("link", { name: title }).click();
  await sees(seller.locator(".prose"), /./);
  assert.equal(await seller.getByRole("button", { name: /^Pay/ }).count(), 0);
});
