// Fifteen minutes: counted right, warned of, and over.

import assert from "node:assert/strict";

import { HASTY, isStill, isTold, mark, reserveOn, sees, story, unique } from "./support.mjs";

const clockOf = (page) => page.locator("[data-clock]");

/** What is left, in seconds. */
async function left(page) {
  const [minutes, seconds] = (await clockOf(page).textContent()).split(":").map(Number);
  return 60 * minutes + seconds;
}

story("a countdown is right on a device whose clock is wrong", async (world) => {
  const seller = await world.register();
  for (const hours of [-3, 5]) {
    const ticket = await world.list(seller, `Clock ${unique()}`);
    const buyer = await world.person();
    await buyer.clock.setFixedTime(new Date(Date.now() + hours * 3_600_000));
    await reserveOn(buyer, ticket);
    await sees(clockOf(buyer), /^14:/);
    const seconds = await left(buyer);
    assert.ok(seconds > 860 && seconds <= 900, `${seconds} s are left`);
    await sees(clockOf(buyer), new RegExp(`^14:${String(seconds % 60 - 2).padStart(2, "0")}`));
  }
});

story("who has two minutes left is warned aloud", async (world) => {
  const seller = await world.register();
  const ticket = await world.list(seller, `Warned ${unique()}`);
  const buyer = await world.person();
  await buyer.clock.install();
  await reserveOn(buyer, ticket);
  const countdown = buyer.locator(".countdown");
  assert.doesNotMatch(await countdown.getAttribute("class"), /late/);
  await buyer.clock.fastForward("13:05");
  await sees(buyer.locator("#announce"), "Two minutes left to pay.");
  assert.match(await countdown.getAttribute("class"), /late/);
  assert.equal(await buyer.locator("#announce").getAttribute("role"), "status");
  // a screen reader isn't told each second
  assert.equal(await clockOf(buyer).getAttribute("aria-hidden"), "true");
});

story("a page whose time runs out changes by itself, and says what happened", async (world) => {
  const seller = await world.register();
  const ticket = await world.list(seller, `Expired ${unique()}`);
  const buyer = await world.person();
  const guest = await world.guest();
  await reserveOn(buyer, ticket);
  await guest.goto(`/tickets/${ticket.id}`);
  for (const page of [buyer, guest]) await mark(page);
  await sees(buyer.locator(".big-main .badge"), "Cancelled");
  await sees(buyer.locator(".big-main"), "The time to pay ran out. Nobody was charged");
  await sees(buyer.locator("#announce"), "The time to pay ran out.");
  await sees(buyer.locator(".history"), "Cancelled: the time to pay was over");
  assert.equal(await buyer.getByRole("button", { name: /^Pay/ }).count(), 0);
  await guest.getByRole("button", { name: "Reserve it" }).waitFor();
  for (const page of [buyer, guest]) assert.ok(await isStill(page), "it was loaded anew");
  await buyer.getByRole("link", { name: /Is it free again/ }).click();
  await buyer.getByRole("button", { name: "Reserve it" }).waitFor();
}, { exchange: HASTY });

story("who pays too late is told so, and not charged", async (world) => {
  const seller = await world.register();
  const ticket = await world.list(seller, `Too late ${unique()}`);
  // a page that doesn't change by itself
  const buyer = await world.person({ javaScriptEnabled: false });
  await reserveOn(buyer, ticket);
  const order = new URL(buyer.url()).pathname.split("/").pop();
  const watch = await world.guest();
  await world.signIn(watch, buyer.person);
  await watch.goto(`/orders/${order}`);
  await sees(watch.locator(".big-main .badge"), "Cancelled");
  await buyer.getByRole("button", { name: /^Pay/ }).click();
  await isTold(buyer, "The time was over before the payment came.");
  await isTold(buyer, "You were not charged.");
  const payments = await world.api(buyer.person, "GET", `/api/payments?orderId=${order}`);
  assert.ok(payments.every((payment) => payment.status !== "captured"));
}, { exchange: HASTY });

story("a device that has slept asks what time is left", async (world) => {
  const seller = await world.register();
  const buyer = await world.person();
  await reserveOn(buyer, await world.list(seller, `Slept ${unique()}`));
  await mark(buyer);
  const asked = buyer.waitForRequest((request) => request.url() === buyer.url());
  // asleep, only the clock on the wall goes on
  await buyer.evaluate(() => {
    const now = Date.now.bind(Date);
    Date.now = () => now() + 300_000;
  });
  await asked;
  assert.ok(await isStill(buyer));
});

story("who stops waiting for an answer may send the form again", async (world) => {
  const seller = await world.register();
  const buyer = await world.person();
  await reserveOn(buyer, await world.list(seller, `Stopped ${unique()}`));
  await buyer.clock.install();
  // as when the browser is told to stop: the form was sent, and no page comes
  await buyer.evaluate(() => {
    document.addEventListener("submit", (event) => event.preventDefault());
  });
  const pay = buyer.getByRole("button", { name: /^Pay/ });
  for (const again of [() => buyer.keyboard.press("Escape"), () => buyer.clock.fastForward(21_000)]) {
    await pay.click();
    await buyer.locator(".pay button[aria-disabled]").first().waitFor();
    await again();
    await buyer.locator(".pay button:not([aria-disabled])").first().waitFor();
  }
});
