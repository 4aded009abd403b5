import type { Duplex } from 'node:stream';
import { MESSAGE } from '../packets/message-types.ts';
import { ProtocolError } from '../packets/wire.ts';
import type { Agreement } from '../ssh/algorithms.ts';
import { Transport, type TransportOptions } from '../ssh/transport.ts';
import {
  type Authentication,
  ClientAuthentication,
  ServerAuthentication,
} from './authentication.ts';
import type { Channel } from './channel.ts';
import { Channels, type OnChannelOpen } from './channels.ts';
import { readGlobalRequest, write } from './connection-messages.ts';

/** The answer to a global request. */
export interface Reply {
  isSuccess: boolean;
  payload: Buffer;
}

/** Answers a global request of the peer. */
export type OnRequest = (name: string, payload: Buffer) => Promise<Reply> | Reply;

/** What a connection needs. */
export interface ConnectionOptions extends TransportOptions {
  onRequest: OnRequest;
  onChannelOpen: OnChannelOpen;
  /** The connection has ended, for the reason given if it was not asked for. Called once. */
  onClose: (error: Error | undefined) => void;
  /** Channels at the same time. */
  maxChannels: number;
}

/** Requests of the peer that may wait for their answers. */
const MAX_WAITING_REQUESTS = 16;

/** An authenticated connection with channels (RFC 4252, RFC 4254), for either end. */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #transport: Transport;
  readonly #channels: Channels;
  readonly #answers: { resolve: (reply: Reply) => void; reject: (error: Error) => void }[] = [];
  readonly #opened: Promise<void>;
  #settleOpened: (error?: Error) => void = () => {};
  #authentication: Authentication | undefined;
  #isOpen = false;
  #isClosed = false;
  #requests: Promise<void> = Promise.resolve();
  #waitingRequests = 0;
  #receivedAt = performance.now();

  constructor(stream: Duplex, options: ConnectionOptions) {
    this.#options = options;
    this.#opened = new Promise((resolve, reject) => {
      this.#settleOpened = (error) => (error ? reject(error) : resolve());
    });

    // Whoever does not wait for it learns of the end by `onClose`.
    this.#opened.catch(() => {});

    this.#channels = new Channels({
      send: (message) => this.#send(message),
      wake: () => this.#transport.wake(),
      onOpen: options.onChannelOpen,
      maxChannels: options.maxChannels,
    });

    stream.on('data', () => {
      this.#receivedAt = performance.now();
    });

    this.#transport = new Transport(stream, options, {
      onReady: (agreement) => this.#onReady(agreement),
      onMessage: (message) => this.#onMessage(message),
      nextData: () => (this.#isOpen ? this.#channels.nextData() : undefined),
      onClose: (error) => this.#onClose(error),
    });
  }

  /** Resolves when both ends are authenticated; rejects when the connection ends before. */
  get opened(): Promise<void> {
    return this.#opened;
  }

  /** How many channels there are. */
  get channelCount(): number {
    return this.#channels.count;
  }

  /** Time since anything was received, in milliseconds. */
  get silenceMs(): number {
    return performance.now() - this.#receivedAt;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Names of the extensions that a server has told. */
  get extensions(): ReadonlySet<string> {
    return this.#authentication instanceof ClientAuthentication
      ? this.#authentication.extensions
      : new Set();
  }

  /** Asks the peer for something; rejects when the connection ends before the answer. */
  request(name: string, payload: Buffer): Promise<Reply> {
    if (this.#isClosed) {
      return Promise.reject(new Error('the connection has ended'));
    }

    return new Promise((resolve, reject) => {
      this.#answers.push({ resolve, reject });
      this.#send(write.globalRequest({ name, wantsReply: true, payload }));
    });
  }

  /** Opens a channel; see {@link Channels.open}. */
  openChannel(type: string, extra: string, signal: AbortSignal): Promise<Channel> {
    return this.#channels.open(type, Buffer.from(extra), signal);
  }

  /** Changes the keys. */
  rekey(): void {
    this.#transport.rekey();
  }

  /** Ends the connection and its channels; with an error for what the peer did wrong. */
  close(error?: Error): void {
    this.#transport.close(error);
  }

  #send(message: Buffer): void {
    try {
      this.#transport.send(message);
    } catch (error) {
      this.#transport.close(error as Error);
    }
  }

  #onReady({ extensions }: Agreement): void {
    const send = (message: Buffer) => this.#send(message);

    if (this.#options.role === 'client') {
      this.#authentication = new ClientAuthentication(send);
      return;
    }

    if (extensions) {
      send(ServerAuthentication.extensions());
    }

    this.#authentication = new ServerAuthentication(send);
  }

  #onMessage(message: Buffer): boolean {
    if (!this.#isOpen) {
      const step = this.#authentication?.take(message);
      if (step?.isDone) {
        this.#isOpen = true;
        this.#settleOpened();
      }
      if (!step?.isKnown) {
        throw new ProtocolError('a message came before the end of authentication');
      }

      return true;
    }

    switch (message[0]) {
      case MESSAGE.globalRequest:
        this.#onRequest(message);
        return true;
      case MESSAGE.requestSuccess:
        this.#onReply({ isSuccess: true, payload: message.subarray(1) });
        return true;
      case MESSAGE.requestFailure:
        this.#onReply({ isSuccess: false, payload: message.subarray(1) });
        return true;
      case MESSAGE.extensionInfo:
        return true;
      default:
        return this.#channels.take(message);
    }
  }

  #onReply(reply: Reply): void {
    const waiting = this.#answers.shift();
    if (!waiting) {
      throw new ProtocolError('the peer answered a request that was not made');
    }

    waiting.resolve({ ...reply, payload: Buffer.from(reply.payload) });
  }

  /** Requests are answered one after the other, as their answers carry no numbers. */
  #onRequest(message: Buffer): void {
    const { name, wantsReply, payload } = readGlobalRequest(message);

    this.#waitingRequests += 1;

    if (this.#waitingRequests > MAX_WAITING_REQUESTS) {
      throw new ProtocolError('too many requests wait for an answer');
    }

    const answer = async () => {
      const { isSuccess, payload: answered } = await this.#options.onRequest(name, payload);
      this.#waitingRequests -= 1;

      if (wantsReply) {
        this.#send(isSuccess ? write.requestSuccess(answered) : write.requestFailure(answered));
      }
    };

    this.#requests = this.#requests.then(answer).catch((error) => this.close(error as Error));
  }

  #onClose(error: Error | undefined): void {
    const reason = error ?? new Error('the connection has ended');

    this.#isClosed = true;
    this.#settleOpened(reason);

    for (const { reject } of this.#answers.splice(0)) {
      reject(reason);
    }

    this.#channels.end(reason);
    this.#options.onClose(error);
  }
}
