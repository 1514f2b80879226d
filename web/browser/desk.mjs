// A person at the desk in a browser: what such a person does, sees and hears.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const here = import.meta.dirname ?? new URL(".", import.meta.url).pathname;
export const languages = ["en", "fr", "nl", "de"];
export const width = 1280, height = 900;

// words are the desk's own texts, so that what is looked for is what is shown.
const words = Object.fromEntries(languages.map((lang) => [lang, {}]));
for (const file of readdirSync(join(here, "../words"))) {
  const [, lang] = file.split(".");
  Object.assign(words[lang], JSON.parse(readFileSync(join(here, "../words", file), "utf8")));
}

export function word(key, lang = "en") {
  const text = words[lang][key];
  assert.equal(typeof text, "string", `web/words has no plain text ${key} in ${lang}`);
  return text;
}

// told is a text with anything where its values stand.
function told(key) {
  return new RegExp(word(key).split(/\{\{.*?\}\}/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").trim()).join(".*"));
}

// Desk is the server as browsers reach it.
export class Desk {
  constructor(task) {
    Object.assign(this, task); // base, modules, chromium, inbox, batch, shots, password, routes...
    const load = createRequire(join(this.modules, "package.json"));
    this.axe = readFileSync(load.resolve("axe-core/axe.min.js"), "utf8");
    this.playwright = load("playwright-core");
    this.open = []; // everybody who sits here, for the picture of a failure
  }

  async begin() {
    const root = process.getuid() === 0; // Chromium's own sandbox refuses root
    this.browser = await this.playwright.chromium.launch({ executablePath: this.chromium, args: root ? ["--no-sandbox"] : [] });
  }

  async end() { await this.browser?.close(); }

  // person opens a browser of its own, nobody signed in.
  async person(login, options = {}) {
    const context = await this.browser.newContext({ baseURL: this.base, viewport: { width, height }, locale: "en-GB", acceptDownloads: true, ...options });
    context.setDefaultTimeout(60_000);
    const p = new Person(this, login, await context.newPage());
    this.open.push(p);
    return p;
  }

  async signedIn(login, options) {
    const p = await this.person(login, options);
    await p.signIn(this.password);
    return p;
  }
}

export class Person {
  constructor(desk, login, page) {
    Object.assign(this, { desk, login, page, wrong: [] });
    page.on("pageerror", (e) => this.wrong.push(`${page.url()}: ${e.message}`));
    page.on("console", (m) => { // an answer that says no is judged below
      if (m.type() === "error" && !m.text().startsWith("Failed to load resource")) this.wrong.push(`${page.url()}: ${m.text()}`);
    });
    page.on("response", (r) => {
      if (r.status() >= 500 || r.status() >= 400 && r.request().resourceType() !== "document") this.wrong.push(`${page.url()}: ${r.status()} for ${r.url()}`);
    });
  }

  async signIn(password) {
    await this.page.goto("/signin");
    await this.page.fill("#login", this.login);
    await this.page.fill("#password", password);
    await this.page.click("main button");
    await this.page.waitForURL((url) => url.pathname !== "/signin");
  }

  // leave ends the visit. Whatever went wrong on the way in the browser is told now.
  async leave() {
    assert.deepEqual(this.wrong, [], `${this.login}'s browser complains`);
    await this.page.context().close();
    this.desk.open.splice(this.desk.open.indexOf(this), 1);
  }

  path() { return new URL(this.page.url()).pathname; }
  async heading() { return (await this.page.locator("h1").first().innerText()).trim(); }
  async hears(key) { await this.page.locator("[role=status]", { hasText: told(key) }).first().waitFor(); }
  async shot(name) { await this.pictures(); await this.page.screenshot({ path: join(this.desk.shots, name + ".png") }); }

  // pictures waits until all pictures in sight are there.
  async pictures() {
    await this.page.waitForFunction(() => [...document.images].every((i) => {
      const { top, bottom } = i.getBoundingClientRect();
      return bottom <= 0 || top >= innerHeight || i.complete && i.naturalWidth > 0;
    }));
  }

  // press presses keys, one after another, and nothing else.
  async press(...keys) { for (const key of keys) await this.page.keyboard.press(key); }
  async type(text) { await this.page.keyboard.type(text); }
  async focused() { return this.page.evaluate(() => document.activeElement?.id ?? ""); }

  // At the exception station Escape leads from the field to where keys work, and back. The
  // station remembers which of the two somebody works by.
  async inField() { return await this.focused() === "reference"; }
  async atKeys() { return this.page.evaluate(() => document.activeElement?.dataset.keys !== undefined); }
  async byKeys() { if (!await this.atKeys()) await this.press("Escape"); assert.ok(await this.atKeys(), "Escape leads nowhere"); }
  async byTyping() { if (!await this.inField()) await this.press("Escape"); assert.ok(await this.inField(), "Escape leads nowhere"); }

  // looks takes the moment that a person takes to look: keys that follow each other at once,
  // or a page's opening, are taken for typing.
  async looks() {
    const since = await this.page.evaluate(() => performance.now());
    await this.page.waitForFunction((t) => performance.now() - t > 500, since);
  }
  // commands presses a key that does something to the letter.
  async commands(key) { await this.looks(); await this.leads(key); }
  async said(key) { await this.page.locator("#said", { hasText: told(key) }).waitFor(); }

  // leads presses keys, of which the last leads to another page; follow clicks what does.
  async leads(...keys) {
    const last = keys.pop();
    await this.press(...keys);
    await this.leaving(() => this.press(last));
  }
  async follow(selector) { await this.leaving(() => this.page.locator(selector).first().click()); }

  async leaving(act) {
    await this.page.evaluate(() => { document.documentElement.dataset.left = "not yet"; });
    await act();
    await this.page.waitForFunction(() => document.readyState === "complete" && !document.documentElement.dataset.left);
  }

  // tabTo goes to what the selector names by the Tab key, as who has no mouse.
  async tabTo(selector) {
    for (let n = 0; n < 150; n++) {
      if (await this.page.evaluate((s) => document.activeElement?.matches(s), selector)) return;
      await this.press("Tab");
    }
    assert.fail(`${this.path()}: 150 times Tab do not lead to ${selector}`);
  }

  // download gives the bytes of what a link offers.
  async download(selector) {
    const [file] = await Promise.all([this.page.waitForEvent("download"), this.page.click(selector)]);
    return readFileSync(await file.path());
  }
}
