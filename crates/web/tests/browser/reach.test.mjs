// The whole purchase without a script, without a mouse, and in German.

import assert from "node:assert/strict";

import { isAt, PHONE, sees, story, unique } from "./support.mjs";

/** Presses Tab until what has the focus is called so; each stop must be seen. */
async function tabTo(page, name) {
  // bounded: by how much a page may have before what one looks for
  for (let stop = 0; stop < 80; stop += 1) {
    await page.keyboard.press("Tab");
    const at = await page.evaluate(() => {
      const it = document.activeElement;
      const shown = it.closest(".card") ?? it;
      const style = getComputedStyle(shown);
      return {
        name: (it.labels?.[0]?.textContent ?? it.textContent).trim().replace(/\s+/g, " "),
        isBody: it === document.body,
        outline: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
      };
    });
    assert.ok(at.isBody || at.outline, `nobody sees that “${at.name}” has the focus`);
    if (name.test(at.name)) return;
  }
  assert.fail(`no Tab leads to ${name}`);
}

story("a ticket is bought by keyboard alone", async (world) => {
  const seller = await world.register();
  const word = unique();
  await world.list(seller, `Keys ${word}`, 8);
  const page = await world.guest();
  const press = (key) => page.keyboard.press(key);
  await page.goto("/");
  await press("Tab");
  await press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), "content", "skip link");
  await tabTo(page, /Search tickets by name/);
  await page.keyboard.type(word);
  await sees(page.locator("#announce"), "1 · What we found");
  await tabTo(page, new RegExp(`Keys ${word}`));
  await press("Enter");
  await isAt(page, /^\/tickets\//);
  await tabTo(page, /^Reserve it$/);
  await press("Enter");
  await isAt(page, "/sign-in");
  await tabTo(page, /^Create an account$/);
  await press("Enter");
  await isAt(page, "/register");
  await tabTo(page, /^E-mail address$/);
  await page.keyboard.type(`${word}@example.com`);
  await tabTo(page, /^New password$/);
  await page.keyboard.type("nine lives of a cat");
  await press("Enter");
  await isAt(page, /^\/tickets\//);
  await tabTo(page, /^Reserve it$/);
  await press("Enter");
  await isAt(page, /^\/orders\//);
  await tabTo(page, /4242/);
  await press("ArrowDown");
  assert.ok(await page.getByLabel(/4444/).isChecked());
  await tabTo(page, /^Pay €8.00$/);
  await press("Enter");
  await sees(page.locator(".big-main .badge"), "Complete");

  await page.goto("/");
  await tabTo(page, /^Menu$/);
  await press("Enter");
  await page.getByRole("link", { name: "Orders" }).waitFor();
  await press("Escape");
  await page.getByRole("link", { name: "Orders" }).waitFor({ state: "hidden" });
  await press("Enter");
  await tabTo(page, /^Orders$/);
  await press("Enter");
  await isAt(page, "/orders");
});

story("a ticket is sold and bought without a script, in German", async (world) => {
  const options = { javaScriptEnabled: false, locale: "de-DE", viewport: PHONE };
  const word = unique();
  const register = async (page, name) => {
    await page.getByLabel("E-Mail-Adresse").fill(`${name}-${word}@example.com`);
    await page.getByLabel("Neues Passwort").fill("nine lives of a cat");
    await page.getByRole("button", { name: "Konto anlegen" }).click();
  };
  const seller = await world.guest(options);
  await seller.goto("/");
  assert.equal(await seller.locator("html").getAttribute("lang"), "de");
  await seller.goto("/register?return_to=/sell");
  await register(seller, "seller");
  await isAt(seller, "/sell");
  await seller.locator("#title").fill(`Ohne Skript ${word}`);
  await seller.locator("#price").fill("1234,5");
  await seller.locator("main button").click();
  await isAt(seller, /^\/tickets\//);
  await sees(seller.locator(".price"), /1\.234,50\s€/);

  const buyer = await world.guest(options);
  await buyer.goto("/");
  await buyer.locator("#q").fill(word);
  await buyer.locator("#q").press("Enter");
  await buyer.getByRole("link", { name: `Ohne Skript ${word}` }).click();
  await buyer.getByRole("button", { name: "Reservieren" }).click();
  await isAt(buyer, "/sign-in");
  await buyer.locator("main").getByRole("link").click();
  await register(buyer, "buyer");
  await buyer.getByRole("button", { name: "Reservieren" }).click();
  await isAt(buyer, /^\/orders\//);
  await buyer.locator(".note-good").waitFor();
  await buyer.getByRole("button", { name: /bezahlen/ }).click();
  // a page that doesn't change by itself is looked at again
  await buyer.waitForLoadState();
  const order = new URL(buyer.url()).pathname;
  await buyer.goto(order);
  await sees(buyer.locator(".step-good").first(), /./);

  // and in English, when one asks for it
  await buyer.getByRole("link", { name: "English" }).click();
  await isAt(buyer, order);
  assert.equal(await buyer.locator("html").getAttribute("lang"), "en");
  await sees(buyer.locator(".big-main .badge"), "Complete");
});

story("an address that leads nowhere says so, in either language", async (world) => {
  for (const [locale, text] of [["en-GB", "There is nothing here"], ["de-DE", /nichts/i]]) {
    const page = await world.guest({ locale });
    for (const path of ["/nothing/here", "/tickets/1", `/orders/${crypto.randomUUID()}`]) {
      const response = await page.goto(path);
      if (path.startsWith("/orders")) {
        await isAt(page, "/sign-in");
      } else {
        assert.equal(response.status(), 404);
        await sees(page.locator("h1"), text);
      }
    }
  }
  const somebody = await world.person();
  const seller = await world.register();
  const buyer = await world.register();
  const order = await world.reserve(buyer, await world.list(seller, `Private ${unique()}`));
  assert.equal((await somebody.goto(`/orders/${order.id}`)).status(), 404);
  await sees(somebody.locator("h1"), "There is nothing here");
});
