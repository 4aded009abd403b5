// Drives a headless Chromium by its DevTools protocol, for tests of pages.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'ws';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];
const START_MS = 30_000;
const WAIT_MS = 20_000;

/** Returns the command of a Chromium; undefined if there is none. */
export function findChromium() {
  return NAMES.find((name) => spawnSync(name, ['--version']).status === 0);
}

/** One tab, with a record of its requests and errors. */
class Tab {
  /** URLs of all requests. */
  requests = [];
  /**
   * Console messages of level error or warning, exceptions, and violations of the content security
   * policy.
   */
  complaints = [];
  #send;

  constructor(send) {
    this.#send = send;
  }

  take({ method, params }) {
    if (method === 'Network.requestWillBeSent') {
      this.requests.push(params.request.url);
    } else if (method === 'Runtime.exceptionThrown') {
      this.complaints.push(JSON.stringify(params.exceptionDetails));
    } else if (method === 'Runtime.consoleAPICalled' && /error|warning|assert/.test(params.type)) {
      this.complaints.push(`console.${params.type}: ${JSON.stringify(params.args)}`);
    } else if (method === 'Log.entryAdded' && /error|warning/.test(params.entry.level)) {
      this.complaints.push(
        `${params.entry.source}: ${params.entry.text} ${params.entry.url ?? ''}`,
      );
    } else if (method === 'Audits.issueAdded' && params.issue.code.includes('ContentSecurity')) {
      this.complaints.push(JSON.stringify(params.issue));
    }
  }

  async open(url) {
    for (const domain of ['Page', 'Runtime', 'Network', 'Log', 'Audits']) {
      await this.#send(`${domain}.enable`);
    }

    await this.#send('Page.navigate', { url });
  }

  /** Returns the value of an expression in the page; throws its exception. */
  async evaluate(expression) {
    const { result, exceptionDetails } = await this.#send('Runtime.evaluate', {
      expression,
      awaitPromise: true,
      returnByValue: true,
    });

    if (exceptionDetails) {
      throw new Error(`${expression}: ${JSON.stringify(exceptionDetails)}`);
    }

    return result.value;
  }

  /** Waits until an expression is truthy, and returns it; throws after 20 seconds. */
  async waitFor(expression) {
    const end = Date.now() + WAIT_MS;

    for (;;) {
      const value = await this.evaluate(expression);

      if (value) {
        return value;
      }

      if (Date.now() > end) {
        throw new Error(`not so: ${expression}; complaints: ${this.complaints.join('\n')}`);
      }

      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Waits for an element, by its selector and a part of its text, and clicks on it. */
  async click(selector, text = '') {
    const find = `[...document.querySelectorAll(${JSON.stringify(selector)})]
      .find((element) => element.textContent.includes(${JSON.stringify(text)}))`;
    await this.waitFor(`Boolean(${find})`);
    await this.evaluate(`${find}.click()`);
  }

  /**
   * Types into a field and leaves it, as a person does, so that the page's script handles the
   * change.
   */
  async type(selector, text) {
    await this.waitFor(`Boolean(document.querySelector(${JSON.stringify(selector)}))`);
    await this.evaluate(`document.querySelector(${JSON.stringify(selector)}).focus()`);
    await this.#send('Input.insertText', { text });
    await this.evaluate('document.activeElement.blur()');
  }

  /** Returns the page as a PNG image. */
  async screenshot() {
    const { data } = await this.#send('Page.captureScreenshot', { format: 'png' });

    return Buffer.from(data, 'base64');
  }
}

/** A browser with one tab. */
export class Chromium {
  tab;
  #process;
  #dir;
  #socket;

  constructor(process, dir, socket, tab) {
    this.#process = process;
    this.#dir = dir;
    this.#socket = socket;
    this.tab = tab;
  }

  /** Starts a browser of this command. */
  static async start(command) {
    const dir = mkdtempSync(join(tmpdir(), 'chromium-'));
    const options = [
      ...['--headless=new', '--disable-gpu', '--no-first-run', '--window-size=1280,1600'],
      ...['--remote-debugging-port=0', `--user-data-dir=${dir}`],
      // Its sandbox does not work for root.
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      'about:blank',
    ];
    const child = spawn(command, options, { stdio: ['ignore', 'ignore', 'pipe'] });
    const url = await new Promise((resolve, reject) => {
      let output = '';
      const timer = setTimeout(() => reject(new Error(`no browser: ${output}`)), START_MS);
      child.stderr.setEncoding('utf8').on('data', (chunk) => {
        output += chunk;
        const found = /DevTools listening on (\S+)/.exec(output);
        if (found) {
          clearTimeout(timer);
          resolve(found[1]);
        }
      });
    });

    const socket = new WebSocket(url, { perMessageDeflate: false });
    await once(socket, 'open');

    let lastId = 0;
    const pending = new Map();
    let tab;
    socket.on('message', (data) => {
      const message = JSON.parse(data.toString());
      const waiting = pending.get(message.id);

      if (!waiting) {
        tab?.take(message);
      } else if (message.error) {
        waiting.reject(new Error(JSON.stringify(message.error)));
      } else {
        waiting.resolve(message.result);
      }

      pending.delete(message.id);
    });

    const send = (method, params = {}, sessionId) =>
      new Promise((resolve, reject) => {
        const id = ++lastId;
        pending.set(id, { resolve, reject });
        socket.send(JSON.stringify({ id, method, params, sessionId }));
      });

    const { targetId } = await send('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await send('Target.attachToTarget', { targetId, flatten: true });
    tab = new Tab((method, params) => send(method, params, sessionId));

    return new Chromium(child, dir, socket, tab);
  }

  async stop() {
    this.#socket.close();
    this.#process.kill('SIGKILL');
    await once(this.#process, 'exit');
    rmSync(this.#dir, { recursive: true, force: true, maxRetries: 5 });
  }
}
