// Every page there is, in every state that looks different, for those who go through them all.

import { isAt, PASSWORD, sees, unique } from "./support.mjs";

/** Makes what the pages show, and answers a row for each: its name, and how to get there. */
export async function everyPage(world) {
  const [seller, buyer, other] = [
    await world.register(), await world.register(), await world.register(),
  ];
  const word = unique();
  const about = "Block B, row 4.\nI hand it over at the door, half an hour before it begins.";
  const list = (title, price, description) => world.list(seller, title, price, description);
  const free = await list("The Glass Anchors, Hamburg, 12 March", 49.5, about);
  const held = await list("Donaudampfschifffahrtsgesellschaftsorchester, Wien", 1234.5);
  const sold = await list("Nina Kraviz, Berlin, all night long", 35, about);
  const back = await list("Low, Duluth, 20 June", 20);
  const [open, paid, cancelled] = [
    await world.reserve(buyer, held), await world.reserve(buyer, sold),
    await world.reserve(buyer, back),
  ];
  await world.pay(buyer, open, "tok_chargeDeclined").catch(() => {});
  await world.pay(buyer, paid);
  await world.api(buyer, "DELETE", `/api/orders/${cancelled.id}`);

  const row = (name, who, path, then) => ({ name, who, path, then });
  const pages = [
    row("home", null, "/"),
    row("home-nothing", null, `/?q=${word}`),
    row("ticket", null, `/tickets/${free.id}`),
    row("ticket-reserved", other, `/tickets/${held.id}`),
    row("ticket-mine", seller, `/tickets/${free.id}`),
    row("ticket-held", seller, `/tickets/${held.id}`),
    row("ticket-bought", buyer, `/tickets/${sold.id}`),
    row("ticket-lost", other, `/tickets/${held.id}?note=lost-race`),
    row("sell", seller, "/sell"),
    row("sell-wrong", seller, "/sell", async (page) => {
      await page.getByLabel("Price").fill("free");
      await page.getByRole("button", { name: "List the ticket" }).click();
      await sees(page.locator("#price-error"), /./);
    }),
    row("edit", seller, `/tickets/${free.id}/edit`),
    row("withdraw", seller, `/tickets/${free.id}/withdraw`),
    row("my-tickets", seller, "/my/tickets"),
    row("my-tickets-none", other, "/my/tickets"),
    row("orders", buyer, "/orders"),
    row("orders-none", other, "/orders"),
    row("sales", seller, "/sales"),
    row("order", buyer, `/orders/${open.id}`),
    row("order-declined", buyer, `/orders/${open.id}?note=declined-funds`),
    row("order-complete", buyer, `/orders/${paid.id}`),
    row("order-cancelled", buyer, `/orders/${cancelled.id}`),
    row("sale", seller, `/orders/${open.id}`),
    row("register", null, "/register"),
    row("sign-in", null, "/sign-in"),
    row("sign-in-wrong", null, "/sign-in", async (page) => {
      await page.getByLabel("E-mail address").fill(other.email);
      await page.getByLabel("Password").fill(`not ${PASSWORD}`);
      await page.getByRole("button", { name: "Sign in", exact: true }).click();
      await sees(page.locator(".note-bad"), /./);
    }),
    row("account", seller, "/account"),
    row("menu", seller, "/", async (page) => {
      await page.getByText("Menu").click();
      await page.getByRole("link", { name: "Orders" }).waitFor();
    }),
    row("not-found", null, "/nothing/here"),
  ];
  return { pages, people: { seller, buyer, other } };
}

/** Opens a page of [`everyPage`] as the one who sees it. */
export async function open(world, page, { who, path, then }) {
  // a page that is open while its visitor becomes somebody else loads itself anew, at any time
  await page.goto("about:blank");
  await page.context().clearCookies();
  if (who) await world.signIn(page, who);
  await page.goto(path);
  await page.waitForLoadState("load");
  await isAt(page, new URL(path, world.url).pathname);
  await then?.(page);
}
