// Writes series into a Prometheus with its remote write protocol, version 0.1.0.

/** Most bytes that a series with its samples takes. */
const SERIES_BYTES = 64 * 1024;

/** A growing piece of memory that a request is written into. */
class Writer {
  #buffer = Buffer.alloc(4 * 1024 * 1024);
  #size = 0;

  get size() {
    return this.#size;
  }

  get bytes() {
    return this.#buffer.subarray(0, this.#size);
  }

  clear() {
    this.#size = 0;
  }

  byte(value) {
    this.#buffer[this.#size++] = value;
  }

  varint(value) {
    while (value >= 128) {
      this.byte((value % 128) + 128);
      value = Math.floor(value / 128);
    }
    this.byte(value);
  }

  /** Writes a field of bytes (protobuf's wire type 2). */
  field(number, bytes) {
    this.reserve(bytes.length + 16);
    this.byte(number * 8 + 2);
    this.varint(bytes.length);
    this.#size += bytes.copy(this.#buffer, this.#size);
  }

  /** Writes a sample as field 2 of a series. */
  sample(time, value) {
    this.byte(0x12);
    this.byte(16);
    this.byte(0x09);
    this.#size = this.#buffer.writeDoubleLE(value, this.#size);
    this.byte(0x10);
    this.varint(time);
  }

  reserve(bytes) {
    if (this.#size + bytes > this.#buffer.length) {
      const larger = Buffer.alloc(this.#buffer.length * 2 + bytes);
      this.#buffer.copy(larger, 0, 0, this.#size);
      this.#buffer = larger;
    }
  }
}

/**
 * Returns the labels of a series as they are sent.
 * @param {readonly string[]} labels names and values in turn, sorted by name
 */
export function labelBytes(labels) {
  const all = new Writer();

  for (let at = 0; at < labels.length; at += 2) {
    const pair = new Writer();
    pair.field(1, Buffer.from(labels[at]));
    pair.field(2, Buffer.from(labels[at + 1]));
    all.field(1, pair.bytes);
  }

  return Buffer.from(all.bytes);
}

/** Returns bytes in Snappy's block format, without making them shorter: one literal. */
function snappy(bytes) {
  const head = new Writer();

  head.varint(bytes.length);
  head.byte(63 * 4);

  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length - 1);

  return Buffer.concat([head.bytes, length, bytes]);
}

/** Sends series in requests of limited size. */
export class RemoteWriter {
  #url;
  #request = new Writer();
  #series = new Writer();
  #sending = Promise.resolve();

  constructor(url) {
    this.#url = `${url}/api/v1/write`;
  }

  /**
   * Adds samples of one series.
   * @param {Buffer} labels
   * @param {readonly number[]} times in milliseconds
   * @param {(time: number) => number} valueAt
   */
  async add(labels, times, valueAt) {
    const series = this.#series;

    series.clear();
    series.reserve(SERIES_BYTES + labels.length);
    // The labels are fields already.
    for (const byte of labels) {
      series.byte(byte);
    }
    for (const time of times) {
      series.sample(time, valueAt(time));
    }

    this.#request.field(1, series.bytes);

    if (this.#request.size > 3 * 1024 * 1024) {
      await this.flush();
    }
  }

  /** Sends what was added; resolves when everything before it was taken. */
  async flush() {
    await this.#sending;

    if (this.#request.size > 0) {
      const body = snappy(this.#request.bytes);

      this.#request.clear();
      this.#sending = this.#send(body);
    }
  }

  /** Sends what was added and waits until it was taken. */
  async end() {
    await this.flush();
    await this.#sending;
  }

  async #send(body) {
    const answer = await fetch(this.#url, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-protobuf',
        'content-encoding': 'snappy',
        'x-prometheus-remote-write-version': '0.1.0',
      },
      body,
    });

    if (!answer.ok) {
      throw new Error(`${answer.status} ${(await answer.text()).slice(0, 300)}`);
    }
    await answer.arrayBuffer();
  }
}
