// An HTTPS server on a loopback port that answers as an admission or conversion webhook, for
// scenarios.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { portOf } from '../server.mjs';

let credentials;

/** Returns a key and a certificate for 127.0.0.1, generated once. */
function certificate() {
  if (credentials) {
    return credentials;
  }

  const dir = mkdtempSync(join(tmpdir(), 'webhook-'));
  const [key, cert] = [join(dir, 'key'), join(dir, 'cert')];

  const make = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-days',
    '30',
  ];

  const names = ['-subj', '/CN=webhook', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost'];
  execFileSync('openssl', [...make, ...names, '-keyout', key, '-out', cert], { stdio: 'ignore' });
  credentials = { key: readFileSync(key), cert: readFileSync(cert) };
  rmSync(dir, { recursive: true });

  return credentials;
}

/**
 * Starts a webhook: `answer(body, url)` returns an object to send as JSON, or `{ status, headers,
 * text }`, or undefined to send nothing.
 * @returns its address, its CA bundle, the received reviews, and a function that closes it
 */
export async function startWebhook(answer) {
  const { key, cert } = certificate();
  const reviews = [];

  const respond = async (req, res) => {
    const chunks = [];

    for await (const chunk of req) {
      chunks.push(chunk);
    }

    const body = JSON.parse(Buffer.concat(chunks).toString());
    reviews.push({ body, headers: req.headers, url: req.url });

    const given = await answer(body, req.url);
    if (given === undefined) {
      return;
    }

    if (given.text !== undefined) {
      res.writeHead(given.status ?? 200, given.headers).end(given.text);
      return;
    }

    res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(given));
  };

  const server = createServer({ key, cert }, (req, res) => {
    respond(req, res).catch((error) => {
      // A caller that has waited long enough closes the connection, even while it sends.
      if (!req.readableAborted) {
        console.log(`the webhook failed: ${error.stack}`);
      }

      res.destroy();
    });
  });

  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));

  return {
    url: `https://127.0.0.1:${portOf(server)}`,
    caBundle: cert.toString('base64'),
    reviews,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
