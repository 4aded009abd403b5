import { badRequest } from '@ks-apiserver/apimachinery/meta/errors';

/** Input of a client to its terminal. */
export type Input = { op: 'stdin'; data: string } | { op: 'resize'; columns: number; rows: number };

const MAX_SIZE = 65_535;

function isSize(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MAX_SIZE;
}

/** Parses a frame of 3.0's protocol: `{"Op","Data","Rows","Cols"}`. Throws BadRequest. */
export function parseFrame(text: string): Input {
  let frame: { Op?: unknown; Data?: unknown; Rows?: unknown; Cols?: unknown } | null;

  try {
    frame = JSON.parse(text);
  } catch {
    throw badRequest(
      'a frame must be JSON: {"Op":"stdin","Data":""} or {"Op":"resize","Cols":80,"Rows":24}',
    );
  }

  const { Op, Data = '', Rows = 0, Cols = 0 } = frame ?? {};
  if (Op === 'stdin') {
    if (typeof Data !== 'string') {
      throw badRequest('Data must be a string');
    }
    return { op: 'stdin', data: Data };
  }

  if (Op === 'resize') {
    if (!isSize(Rows) || !isSize(Cols)) {
      throw badRequest(`Rows and Cols must be integers from 0 to ${MAX_SIZE}`);
    }
    return { op: 'resize', columns: Cols, rows: Rows };
  }

  throw badRequest('Op must be stdin or resize');
}

/** Makes a frame for the client: output of the process, or a notice. */
export function makeFrame(op: 'stdout' | 'toast', data: string): string {
  return JSON.stringify({ Op: op, Data: data, Rows: 0, Cols: 0 });
}
