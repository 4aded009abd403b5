import { MESSAGE } from '../packets/message-types.ts';
import { string, uint32, WireReader } from '../packets/wire.ts';

/** Why a channel was not opened (RFC 4254 section 5.1). */
export const OPEN_FAILURE = {
  prohibited: 1,
  connectFailed: 2,
  unknownType: 3,
  resourceShortage: 4,
} as const;

/** A request that concerns the whole connection. */
export interface GlobalRequest {
  name: string;
  wantsReply: boolean;
  payload: Buffer;
}

/** A channel that the peer wants to open. */
export interface ChannelOpen {
  type: string;
  sender: number;
  window: number;
  maxPacket: number;
  extra: Buffer;
}

/** A channel that the peer has opened. */
export interface ChannelConfirmation {
  recipient: number;
  sender: number;
  window: number;
  maxPacket: number;
}

/** A channel that the peer has not opened. */
export interface ChannelRefusal {
  recipient: number;
  reason: number;
  text: string;
}

/** Longest name of a request or a type of channels, in bytes. */
const MAX_NAME = 128;

const MAX_TEXT = 4096;

/** Reads a global request; throws a ProtocolError, like all readers here. */
export function readGlobalRequest(message: Buffer): GlobalRequest {
  const reader = new WireReader(message, 1);
  return {
    name: reader.text(MAX_NAME),
    wantsReply: reader.boolean(),
    payload: reader.rest(),
  };
}

/** Reads the opening of a channel. */
export function readChannelOpen(message: Buffer): ChannelOpen {
  const reader = new WireReader(message, 1);
  return {
    type: reader.text(MAX_NAME),
    sender: reader.uint32(),
    window: reader.uint32(),
    maxPacket: reader.uint32(),
    extra: reader.rest(),
  };
}

/** Reads the confirmation of a channel; data of the type may follow, of which there is none. */
export function readConfirmation(message: Buffer): ChannelConfirmation {
  const reader = new WireReader(message, 1);
  return {
    recipient: reader.uint32(),
    sender: reader.uint32(),
    window: reader.uint32(),
    maxPacket: reader.uint32(),
  };
}

/** Reads the refusal of a channel. */
export function readRefusal(message: Buffer): ChannelRefusal {
  const reader = new WireReader(message, 1);
  const refusal = {
    recipient: reader.uint32(),
    reason: reader.uint32(),
    text: reader.text(MAX_TEXT),
  };

  reader.text();
  reader.end();

  return refusal;
}

/** Data on a channel. */
export interface ChannelData {
  recipient: number;
  data: Buffer;
}

/** Reads data of a channel; `extended` data, such as what a program writes as errors, has a type. */
export function readChannelData(message: Buffer, kind: 'plain' | 'extended'): ChannelData {
  const reader = new WireReader(message, 1);
  const recipient = reader.uint32();

  if (kind === 'extended') {
    reader.uint32();
  }

  const data = reader.string();
  reader.end();

  return { recipient, data };
}

/** Reads a message that has the number of a channel alone. */
export function readRecipient(message: Buffer): number {
  const reader = new WireReader(message, 1);
  const recipient = reader.uint32();
  reader.end();

  return recipient;
}

/** Reads how much more data a channel takes. */
export function readWindowAdjust(message: Buffer): { recipient: number; bytes: number } {
  const reader = new WireReader(message, 1);
  const adjust = { recipient: reader.uint32(), bytes: reader.uint32() };
  reader.end();

  return adjust;
}

/** Reads a request about one channel. */
export function readChannelRequest(message: Buffer): { recipient: number; wantsReply: boolean } {
  const reader = new WireReader(message, 1);
  const recipient = reader.uint32();
  reader.text(MAX_NAME);

  return { recipient, wantsReply: reader.boolean() };
}

function message(type: number, ...fields: (Buffer | number)[]): Buffer {
  const bytes = fields.map((field) => (typeof field === 'number' ? uint32(field) : field));
  return Buffer.concat([Buffer.from([type]), ...bytes]);
}

/** Writes the messages of connections (RFC 4254). */
export const write = {
  globalRequest: ({ name, wantsReply, payload }: GlobalRequest) =>
    message(MESSAGE.globalRequest, string(name), Buffer.from([wantsReply ? 1 : 0]), payload),
  requestSuccess: (payload: Buffer) => message(MESSAGE.requestSuccess, payload),
  /** A text in a failure is not in the standard; agents read it as the reason. */
  requestFailure: (payload: Buffer) => message(MESSAGE.requestFailure, payload),
  channelOpen: ({ type, sender, window, maxPacket, extra }: ChannelOpen) =>
    message(MESSAGE.channelOpen, string(type), sender, window, maxPacket, extra),
  confirmation: ({ recipient, sender, window, maxPacket }: ChannelConfirmation) =>
    message(MESSAGE.channelOpenConfirmation, recipient, sender, window, maxPacket),
  refusal: ({ recipient, reason, text }: ChannelRefusal) =>
    message(MESSAGE.channelOpenFailure, recipient, reason, string(text), string('en')),
  windowAdjust: (recipient: number, bytes: number) =>
    message(MESSAGE.windowAdjust, recipient, bytes),
  eof: (recipient: number) => message(MESSAGE.channelEof, recipient),
  close: (recipient: number) => message(MESSAGE.channelClose, recipient),
  channelFailure: (recipient: number) => message(MESSAGE.channelFailure, recipient),
};
