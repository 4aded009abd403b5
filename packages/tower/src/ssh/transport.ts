import type { Duplex } from 'node:stream';
import { belongsToKeyExchange, MESSAGE } from '../packets/message-types.ts';
import { gcmOpener, gcmSealer } from '../packets/packet-cipher.ts';
import { PacketReader } from '../packets/packet-reader.ts';
import { ProtocolError, string, uint32, WireReader } from '../packets/wire.ts';
import type { Agreement, Role } from './algorithms.ts';
import { Exchange, type ExchangeContext, type ExchangeResult } from './exchange.ts';
import type { HostKey } from './host-key.ts';
import { RANDOM_SECRETS, type Secrets } from './key-exchange.ts';
import { PacketWriter } from './packet-writer.ts';

/** After so many bytes in one direction the keys are changed (RFC 4253 section 9). */
const REKEY_BYTES = 2 ** 30;

/**
 * Key exchanges that the peer may start: some, and more the more it has sent. They cost far more than
 * they take to ask for.
 */
const EXCHANGES = 20;
const BYTES_PER_EXCHANGE = 16 * 1024;

/** Lines that a server may send before its own (RFC 4253 section 4.2). */
const MAX_BANNER_LINES = 20;

/** How long the last messages may take before the stream is cut, in milliseconds. */
const END_MS = 1000;

/** Reasons of an end (RFC 4250 section 4.2.2). */
const PROTOCOL_ERROR = 2;
const BY_APPLICATION = 11;

/** What a transport needs. */
export interface TransportOptions {
  role: Role;
  /** The line that this end sends first, without its end. */
  line: string;
  /** Required of a server. */
  hostKey?: HostKey;
  /** Random values; those of the system if there are none. */
  secrets?: Secrets;
  /** After so many bytes in one direction this end changes the keys. */
  rekeyAfterBytes?: number;
}

/** What is above a transport. */
export interface TransportUser {
  /** The first keys are there: everything from now on is encrypted. */
  onReady(agreement: Agreement): void;
  /** Takes a message; returns false for one that is not known. Throws a ProtocolError. */
  onMessage(message: Buffer): boolean;
  /** Returns the next message with data, if there is one. */
  nextData(): Buffer | undefined;
  /** The connection has ended, for the reason given if it was not asked for. Called once. */
  onClose(error: Error | undefined): void;
}

/** Encrypted and authenticated messages over a stream of bytes (RFC 4253), for either end. */
export class Transport {
  readonly #stream: Duplex;
  readonly #options: TransportOptions;
  readonly #user: TransportUser;
  readonly #reader = new PacketReader();
  readonly #writer: PacketWriter;
  readonly #rekeyAfterBytes: number;
  #theirLine: string | undefined;
  #banners = 0;
  #exchange: Exchange | undefined;
  #result: ExchangeResult | undefined;
  #sessionId: Buffer | undefined;
  #isStrict = false;
  #skipsGuess = false;
  #received = 0;
  #openedBytes = 0;
  /** Those that the peer started, and all that it has sent. */
  #exchanges = 0;
  #totalBytes = 0;
  #isClosed = false;

  constructor(stream: Duplex, options: TransportOptions, user: TransportUser) {
    this.#stream = stream;
    this.#options = options;
    this.#user = user;
    this.#rekeyAfterBytes = options.rekeyAfterBytes ?? REKEY_BYTES;
    this.#writer = new PacketWriter(stream, () => this.#nextData());

    stream.on('data', (piece: Buffer) => this.#onBytes(piece));
    stream.on('error', (error) => this.#close(error));
    stream.on('end', () => this.#close(undefined));
    stream.on('close', () => this.#close(undefined));

    this.#writer.writeLine(options.line);
  }

  /** Sends a message. Throws a ProtocolError when the peer has stopped reading. */
  send(message: Buffer): void {
    if (!this.#isClosed) {
      this.#writer.send(message);
    }
  }

  /** Says that there is data to send. */
  wake(): void {
    this.#writer.wake();
  }

  /** Changes the keys, unless that is going on. */
  rekey(): void {
    if (!this.#exchange && !this.#isClosed && this.#theirLine !== undefined) {
      this.#beginExchange();
    }
  }

  /** Ends the connection; with an error for what the peer did wrong. */
  close(error?: Error): void {
    if (this.#isClosed) {
      return;
    }

    const reason = error instanceof ProtocolError ? PROTOCOL_ERROR : BY_APPLICATION;
    const fields = [uint32(reason), string(error?.message ?? ''), string('')];

    this.#close(error, Buffer.concat([Buffer.from([MESSAGE.disconnect]), ...fields]));
  }

  #close(error: Error | undefined, last?: Buffer): void {
    if (this.#isClosed) {
      return;
    }

    this.#isClosed = true;
    this.#writer.end(last);

    const timer = setTimeout(() => this.#stream.destroy(), END_MS);
    this.#stream.once('close', () => clearTimeout(timer));
    this.#stream.once('finish', () => this.#stream.destroy());

    if (this.#stream.writableFinished) {
      this.#stream.destroy();
    }

    this.#user.onClose(error);
  }

  #nextData(): Buffer | undefined {
    if (this.#writer.sealedBytes >= this.#rekeyAfterBytes) {
      this.rekey();
      return undefined;
    }

    return this.#user.nextData();
  }

  #onBytes(piece: Buffer): void {
    if (this.#isClosed) {
      return;
    }

    try {
      this.#reader.push(piece);
      this.#readAll();
    } catch (error) {
      this.close(error as Error);
    }
  }

  #readAll(): void {
    while (this.#theirLine === undefined) {
      const line = this.#reader.line();
      if (line === undefined) {
        return;
      }

      this.#onLine(line);
    }

    while (!this.#isClosed) {
      const message = this.#reader.message();
      if (!message) {
        return;
      }

      this.#onMessage(message);
      this.#received = (this.#received + 1) >>> 0;
    }
  }

  #onLine(line: string): void {
    if (/^SSH-[ -~]+$/.test(line)) {
      this.#theirLine = line;
      this.#beginExchange();
      return;
    }

    this.#banners += 1;

    if (this.#options.role === 'server' || this.#banners > MAX_BANNER_LINES) {
      throw new ProtocolError('the peer does not speak SSH');
    }
  }

  #beginExchange(): Exchange {
    const { role, line, hostKey, secrets = RANDOM_SECRETS } = this.#options;
    const theirs = this.#theirLine ?? '';

    const context: ExchangeContext = {
      role,
      clientLine: role === 'client' ? line : theirs,
      serverLine: role === 'client' ? theirs : line,
      secrets,
      hostKey,
      sessionId: this.#sessionId,
    };

    this.#writer.hold();
    this.#exchange = new Exchange(context, (message) => this.#writer.sendUrgent(message));

    return this.#exchange;
  }

  #onMessage(message: Buffer): void {
    const type = message[0] ?? 0;
    this.#openedBytes += message.length;
    this.#totalBytes += message.length;

    if (belongsToKeyExchange(type)) {
      this.#onExchangeMessage(type, message);
      return;
    }
    if (this.#mustBeExchange(type)) {
      throw new ProtocolError('a message came in the middle of a key exchange');
    }

    switch (type) {
      case MESSAGE.disconnect:
        this.#onDisconnect(message);
        break;
      case MESSAGE.ignore:
      case MESSAGE.debug:
      case MESSAGE.unimplemented:
        break;
      default:
        this.#onUserMessage(message);
    }

    if (this.#openedBytes >= this.#rekeyAfterBytes) {
      this.rekey();
    }
  }

  /** Before the first keys, and between an offer and new keys, there is little else. */
  #mustBeExchange(type: number): boolean {
    const isInitial = this.#sessionId === undefined;
    const isUnderWay = isInitial || this.#result !== undefined || this.#exchange?.hasBegun === true;

    if (isInitial && (this.#received === 0 || this.#isStrict)) {
      return type !== MESSAGE.disconnect;
    }

    return isUnderWay && type > MESSAGE.debug;
  }

  #onUserMessage(message: Buffer): void {
    if (!this.#user.onMessage(message)) {
      this.send(Buffer.concat([Buffer.from([MESSAGE.unimplemented]), uint32(this.#received)]));
    }
  }

  #onDisconnect(message: Buffer): void {
    const reader = new WireReader(message, 1);
    const reason = reader.uint32();

    const error =
      reason === BY_APPLICATION
        ? undefined
        : new Error(`the peer ended the connection with reason ${reason}`);

    this.#close(error);
  }

  #onExchangeMessage(type: number, message: Buffer): void {
    if (this.#skipsGuess && type !== MESSAGE.kexInit && type !== MESSAGE.newKeys) {
      this.#skipsGuess = false;
      return;
    }
    if (type === MESSAGE.newKeys) {
      this.#onNewKeys(message);
      return;
    }
    if (this.#result || (type !== MESSAGE.kexInit && !this.#exchange)) {
      throw new ProtocolError('a message of the key exchange came at a wrong time');
    }

    const exchange = this.#exchange ?? this.#answerExchange();
    const result = exchange.take(message);

    if (type === MESSAGE.kexInit) {
      this.#onAgreement(exchange.agreement);
    }
    if (result) {
      this.#onResult(result);
    }
  }

  #answerExchange(): Exchange {
    this.#exchanges += 1;

    if (this.#exchanges > EXCHANGES + this.#totalBytes / BYTES_PER_EXCHANGE) {
      throw new ProtocolError('the peer changes keys too often');
    }

    return this.#beginExchange();
  }

  #onAgreement(agreement: Agreement | undefined): void {
    this.#skipsGuess = agreement?.wrongGuess === true;

    if (this.#sessionId === undefined) {
      this.#isStrict = agreement?.strict === true;

      if (this.#isStrict && this.#received > 0) {
        throw new ProtocolError('a message came before the first key exchange');
      }
    }
  }

  #onResult(result: ExchangeResult): void {
    const { toClient, toServer } = result.keys;
    const isServer = this.#options.role === 'server';

    this.#result = result;
    this.#writer.sendUrgent(Buffer.from([MESSAGE.newKeys]));
    this.#writer.changeKeys(gcmSealer(isServer ? toClient : toServer));
  }

  #onNewKeys(message: Buffer): void {
    const result = this.#result;
    const agreement = this.#exchange?.agreement;
    if (!result || !agreement || message.length !== 1) {
      throw new ProtocolError('a message of the key exchange came at a wrong time');
    }

    const { toClient, toServer } = result.keys;
    const isFirst = this.#sessionId === undefined;

    this.#reader.use(gcmOpener(this.#options.role === 'server' ? toServer : toClient));
    this.#sessionId = result.sessionId;
    this.#result = undefined;
    this.#exchange = undefined;
    this.#openedBytes = 0;

    if (this.#isStrict) {
      // Counts from 0 once this message is counted.
      this.#received = -1;
    }
    if (isFirst) {
      this.#user.onReady(agreement);
    }

    this.#writer.release();
  }
}
