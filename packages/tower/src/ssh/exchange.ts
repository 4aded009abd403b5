import type { KeyObject } from 'node:crypto';
import { MESSAGE } from '../packets/message-types.ts';
import { ProtocolError, string, WireReader } from '../packets/wire.ts';
import {
  type Agreement,
  agree,
  makeOffer,
  type Offer,
  type Role,
  readOffer,
} from './algorithms.ts';
import { type HostKey, verifyHostKey } from './host-key.ts';
import {
  exchangeHash,
  publicPoint,
  type Secrets,
  type SessionKeys,
  sessionKeys,
  sharedSecret,
} from './key-exchange.ts';

/** What stays the same in all exchanges of a connection. */
export interface ExchangeContext {
  role: Role;
  clientLine: string;
  serverLine: string;
  secrets: Secrets;
  /** That of a server. */
  hostKey: HostKey | undefined;
  /** Hash of the first exchange; undefined in that one. */
  sessionId: Buffer | undefined;
}

/** What an exchange has come to. */
export interface ExchangeResult {
  keys: SessionKeys;
  sessionId: Buffer;
}

/** One key exchange, started by either end (RFC 4253 sections 7 and 8, RFC 5656 section 4). */
export class Exchange {
  readonly #context: ExchangeContext;
  readonly #send: (message: Buffer) => void;
  readonly #ours: Offer;
  #theirs: Offer | undefined;
  #agreement: Agreement | undefined;
  #privateKey: KeyObject | undefined;

  /** Makes our offer and sends it. */
  constructor(context: ExchangeContext, send: (message: Buffer) => void) {
    this.#context = context;
    this.#send = send;
    const place = context.sessionId ? 'later' : 'first';
    this.#ours = makeOffer(context.role, context.secrets.cookie(), place);

    send(this.#ours.message);
  }

  /** Whether the peer has made its offer, after which it sends nothing else until new keys. */
  get hasBegun(): boolean {
    return this.#theirs !== undefined;
  }

  get agreement(): Agreement | undefined {
    return this.#agreement;
  }

  /** Takes a message of the exchange. Returns the result once there is one. */
  take(message: Buffer): ExchangeResult | undefined {
    switch (message[0]) {
      case MESSAGE.kexInit:
        this.#takeOffer(message);
        return undefined;
      case MESSAGE.ecdhInit:
        return this.#answer(this.#expected('server', message));
      case MESSAGE.ecdhReply:
        return this.#conclude(this.#expected('client', message));
      default:
        throw new ProtocolError('a message of the key exchange is not known');
    }
  }

  #takeOffer(message: Buffer): void {
    if (this.#theirs) {
      throw new ProtocolError('the peer made two offers in one key exchange');
    }

    this.#theirs = readOffer(message);
    const [client, server] = this.#offers();
    this.#agreement = agree(client, server, this.#theirs);

    this.#privateKey = this.#context.secrets.privateKey();

    if (this.#context.role === 'client') {
      const point = string(publicPoint(this.#privateKey));
      this.#send(Buffer.concat([Buffer.from([MESSAGE.ecdhInit]), point]));
    }
  }

  #offers(): [client: Offer, server: Offer] {
    const theirs = this.#theirs ?? this.#ours;
    return this.#context.role === 'client' ? [this.#ours, theirs] : [theirs, this.#ours];
  }

  /** Returns our private key, once, and a reader of a message that only one end may get. */
  #expected(role: Role, message: Buffer): [KeyObject, WireReader] {
    const key = this.#privateKey;
    if (!key || this.#context.role !== role) {
      throw new ProtocolError('a message of the key exchange came at a wrong time');
    }

    this.#privateKey = undefined;

    return [key, new WireReader(message, 1)];
  }

  #answer([privateKey, reader]: [KeyObject, WireReader]): ExchangeResult {
    const { hostKey } = this.#context;
    const clientPoint = reader.string();

    reader.end();

    if (!hostKey) {
      throw new ProtocolError('this end has no host key');
    }

    const serverPoint = publicPoint(privateKey);
    const secret = sharedSecret(privateKey, clientPoint);
    const hash = this.#hash({ hostKey: hostKey.blob, clientPoint, serverPoint, secret });

    this.#send(
      Buffer.concat([
        Buffer.from([MESSAGE.ecdhReply]),
        string(hostKey.blob),
        string(serverPoint),
        string(hostKey.sign(hash)),
      ]),
    );

    return this.#result(secret, hash);
  }

  #conclude([privateKey, reader]: [KeyObject, WireReader]): ExchangeResult {
    const hostKey = reader.string();
    const serverPoint = reader.string();
    const signature = reader.string();

    reader.end();

    const clientPoint = publicPoint(privateKey);
    const secret = sharedSecret(privateKey, serverPoint);
    const hash = this.#hash({ hostKey, clientPoint, serverPoint, secret });

    verifyHostKey(hostKey, hash, signature);

    return this.#result(secret, hash);
  }

  #hash(seen: {
    hostKey: Buffer;
    clientPoint: Buffer;
    serverPoint: Buffer;
    secret: Buffer;
  }): Buffer {
    const { clientLine, serverLine } = this.#context;
    const [client, server] = this.#offers();
    const offers = { clientOffer: client.message, serverOffer: server.message };

    return exchangeHash({ clientLine, serverLine, ...offers, ...seen });
  }

  #result(secret: Buffer, hash: Buffer): ExchangeResult {
    const sessionId = this.#context.sessionId ?? hash;
    return { keys: sessionKeys(secret, hash, sessionId), sessionId };
  }
}
