import { MESSAGE } from '../packets/message-types.ts';
import { ProtocolError } from '../packets/wire.ts';
import { Channel, type ChannelHost, type RemoteEnd } from './channel.ts';
import {
  type ChannelOpen,
  OPEN_FAILURE,
  readChannelData,
  readChannelOpen,
  readChannelRequest,
  readConfirmation,
  readRecipient,
  readRefusal,
  readWindowAdjust,
  write,
} from './connection-messages.ts';

/** Longest data that the peer may send in one message, in bytes. */
const MAX_PACKET = 32 * 1024;

/** Shortest limit of the peer's that is accepted: tiny messages cost more than they carry. */
const MIN_PACKET = 256;

const MIN_WINDOW = 64 * 1024;
const MAX_WINDOW = 1024 * 1024;

/** What all channels of a connection may hold unread, unless each has but the smallest window. */
const BUDGET_BYTES = 32 * 1024 * 1024;

/** A channel could not be opened. */
export class ChannelOpenError extends Error {
  readonly reason: number;

  constructor(message: string, reason: number = OPEN_FAILURE.connectFailed) {
    super(message);
    this.name = 'ChannelOpenError';
    this.reason = reason;
  }
}

/** Gets a channel that the peer has opened. */
export type ChannelUser = (channel: Channel) => void;

/**
 * Decides about a channel that the peer wants to open: resolves with what to do with it, or rejects
 * with the reason, a ChannelOpenError, for not opening it.
 */
export type OnChannelOpen = (type: string, extra: Buffer) => Promise<ChannelUser>;

/** What channels need of their connection. */
export interface ChannelsOptions {
  send: (message: Buffer) => void;
  /** Says that there is data to send. */
  wake: () => void;
  onOpen: OnChannelOpen;
  /** Channels at the same time. */
  maxChannels: number;
}

interface Opening {
  resolve: (channel: Channel) => void;
  reject: (error: Error) => void;
  /** Called when the peer has decided. */
  settle: () => void;
  isGivenUp: boolean;
}

/**
 * The channels of a connection. They send in turns, a piece each; how much each may receive unread
 * depends on how many there are.
 */
export class Channels implements ChannelHost {
  readonly #options: ChannelsOptions;
  readonly #open = new Map<number, Channel>();
  readonly #opening = new Map<number, Opening>();
  /** Channels that can send, the next one first. */
  readonly #sending = new Set<Channel>();
  /** Channels of the peer about which is not decided. */
  #undecided = 0;
  #nextId = 0;
  #ended: Error | undefined;

  constructor(options: ChannelsOptions) {
    this.#options = options;
  }

  /** How many channels there are, with those that are being opened. */
  get count(): number {
    return this.#open.size + this.#opening.size + this.#undecided;
  }

  /**
   * Opens a channel. Rejects with a ChannelOpenError when the peer refuses, with the signal's
   * reason, or when the connection ends.
   */
  open(type: string, extra: Buffer, signal: AbortSignal): Promise<Channel> {
    if (this.#ended || signal.aborted) {
      return Promise.reject(this.#ended ?? signal.reason);
    }
    if (this.count >= this.#options.maxChannels) {
      const text = 'there are too many channels';
      return Promise.reject(new ChannelOpenError(text, OPEN_FAILURE.resourceShortage));
    }

    const sender = this.#freeId();

    return new Promise((resolve, reject) => {
      const opening: Opening = { resolve, reject, settle: () => {}, isGivenUp: false };
      this.#opening.set(sender, opening);

      const giveUp = () => {
        opening.isGivenUp = true;
        reject(signal.reason);
      };

      signal.addEventListener('abort', giveUp, { once: true });

      opening.settle = () => signal.removeEventListener('abort', giveUp);

      const maxPacket = MAX_PACKET;
      this.#options.send(write.channelOpen({ type, sender, window: MIN_WINDOW, maxPacket, extra }));
    });
  }

  /** Takes a message about channels; returns false for one that is not known. */
  take(message: Buffer): boolean {
    switch (message[0]) {
      case MESSAGE.channelOpen:
        this.#onOpen(readChannelOpen(message));
        return true;
      case MESSAGE.channelOpenConfirmation:
        this.#onConfirmation(message);
        return true;
      case MESSAGE.channelOpenFailure:
        this.#onRefusal(message);
        return true;
      case MESSAGE.windowAdjust: {
        const { recipient, bytes } = readWindowAdjust(message);
        this.#channel(recipient).takeWindow(bytes);
        return true;
      }
      case MESSAGE.channelData: {
        const { recipient, data } = readChannelData(message, 'plain');
        this.#channel(recipient).takeData(data);
        return true;
      }
      case MESSAGE.channelExtendedData:
        throw new ProtocolError('channels of this type have no second stream');
      case MESSAGE.channelEof:
        this.#channel(readRecipient(message)).takeEof();
        return true;
      case MESSAGE.channelClose:
        this.#onClose(readRecipient(message));
        return true;
      case MESSAGE.channelRequest:
        this.#onRequest(message);
        return true;
      default:
        return false;
    }
  }

  /** Returns the next message with data, each channel in its turn. */
  nextData(): Buffer | undefined {
    for (const channel of this.#sending) {
      const message = channel.nextData();

      this.#sending.delete(channel);

      if (channel.canSend) {
        this.#sending.add(channel);
      }
      if (message) {
        return message;
      }
    }

    return undefined;
  }

  /** Ends all channels because their connection has ended. */
  end(error: Error): void {
    this.#ended = error;

    for (const { reject, settle } of this.#opening.values()) {
      settle();
      reject(error);
    }
    for (const channel of this.#open.values()) {
      channel.abandon(error);
    }

    this.#opening.clear();
    this.#open.clear();
    this.#sending.clear();
  }

  windowBytes(): number {
    const share = Math.floor(BUDGET_BYTES / Math.max(1, this.#open.size));
    return Math.min(MAX_WINDOW, Math.max(MIN_WINDOW, share));
  }

  hasData(channel: Channel): void {
    this.#sending.add(channel);
    this.#options.wake();
  }

  adjustWindow({ remote }: Channel, bytes: number): void {
    this.#options.send(write.windowAdjust(remote.id, bytes));
  }

  sendEof({ remote }: Channel): void {
    this.#options.send(write.eof(remote.id));
  }

  sendClose(channel: Channel): void {
    this.#sending.delete(channel);
    this.#options.send(write.close(channel.remote.id));
    this.#forgetIfOver(channel);
  }

  #channel(id: number): Channel {
    const channel = this.#open.get(id);
    if (!channel) {
      throw new ProtocolError('a message names a channel that is not open');
    }

    return channel;
  }

  #freeId(): number {
    while (this.#open.has(this.#nextId) || this.#opening.has(this.#nextId)) {
      this.#nextId = (this.#nextId + 1) >>> 0;
    }

    const id = this.#nextId;
    this.#nextId = (id + 1) >>> 0;

    return id;
  }

  #add(localId: number, remote: RemoteEnd): Channel {
    const channel = new Channel(this, localId, MIN_WINDOW, remote);
    this.#open.set(localId, channel);

    return channel;
  }

  #forgetIfOver(channel: Channel): void {
    if (channel.isOver) {
      this.#open.delete(channel.localId);
    }
  }

  #onConfirmation(message: Buffer): void {
    const { recipient, sender: id, window, maxPacket } = readConfirmation(message);
    const opening = this.#takeOpening(recipient);
    if (maxPacket < MIN_PACKET) {
      throw new ProtocolError('the peer takes too little data in one message');
    }

    const channel = this.#add(recipient, { id, window, maxPacket });

    if (opening.isGivenUp) {
      channel.destroy();
    } else {
      opening.resolve(channel);
    }
  }

  #onRefusal(message: Buffer): void {
    const { recipient, reason, text } = readRefusal(message);
    const printable = text.replace(/[^ -~]/g, '?').slice(0, 200);

    this.#takeOpening(recipient).reject(new ChannelOpenError(printable, reason));
  }

  #takeOpening(id: number): Opening {
    const opening = this.#opening.get(id);
    if (!opening) {
      throw new ProtocolError('a message names a channel that is not being opened');
    }

    this.#opening.delete(id);
    opening.settle();

    return opening;
  }

  #onOpen({ type, sender, window, maxPacket, extra }: ChannelOpen): void {
    const refuse = (reason: number, text: string) =>
      this.#options.send(write.refusal({ recipient: sender, reason, text }));

    if (maxPacket < MIN_PACKET) {
      refuse(OPEN_FAILURE.prohibited, 'messages must be allowed to be longer');
      return;
    }
    if (this.count >= this.#options.maxChannels) {
      refuse(OPEN_FAILURE.resourceShortage, 'there are too many channels');
      return;
    }

    this.#undecided += 1;

    this.#options.onOpen(type, extra).then(
      (use) => {
        this.#undecided -= 1;
        const localId = this.#freeId();
        const channel = this.#add(localId, { id: sender, window, maxPacket });

        if (this.#ended) {
          channel.abandon(this.#ended);
        } else {
          const confirmation = { recipient: sender, sender: localId, window: MIN_WINDOW };
          this.#options.send(write.confirmation({ ...confirmation, maxPacket: MAX_PACKET }));
        }

        use(channel);
      },
      (error: unknown) => {
        this.#undecided -= 1;
        const isOurs = error instanceof ChannelOpenError;
        const reason = isOurs ? error.reason : OPEN_FAILURE.connectFailed;

        refuse(reason, isOurs ? error.message : 'the connection failed');
      },
    );
  }

  #onClose(id: number): void {
    const channel = this.#channel(id);
    channel.takeClose();
    this.#forgetIfOver(channel);
  }

  #onRequest(message: Buffer): void {
    const { recipient, wantsReply } = readChannelRequest(message);
    const { remote } = this.#channel(recipient);

    if (wantsReply) {
      this.#options.send(write.channelFailure(remote.id));
    }
  }
}
