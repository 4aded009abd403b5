import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AuditEvent } from '@ks-apiserver/server/models/auditing/audit-event';

/** A webhook that keeps the records it receives, and answers with a status. */
export class AuditWebhook {
  readonly events: AuditEvent[] = [];
  status = 200;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<AuditWebhook> {
    const server = createServer();
    const webhook = new AuditWebhook(server);

    server.on('request', async (req, res) => {
      let body = '';

      for await (const piece of req) {
        body += piece;
      }

      if (webhook.status === 200) {
        webhook.events.push(...(JSON.parse(body) as { Items: AuditEvent[] }).Items);
      }

      res.writeHead(webhook.status).end();
    });

    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

    return webhook;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/audit`;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
