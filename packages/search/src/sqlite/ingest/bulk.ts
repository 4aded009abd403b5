const NEWLINE = 0x0a;

/** Largest document, in bytes. */
const MAX_DOCUMENT_BYTES = 4 * 1024 * 1024;

/** What a bulk request asks of a document. */
export interface BulkAction {
  readonly name: string;
  readonly index: string;
  readonly id: string | undefined;
}

/** A document of a bulk request, or why it is not stored. */
export interface BulkItem {
  readonly action: BulkAction;
  readonly json: string;
  readonly problem: string | undefined;
}

/** A body that is no bulk request. */
export class BulkSyntaxError extends Error {
  override name = 'BulkSyntaxError';
}

function* linesOf(body: Buffer): Generator<Buffer> {
  for (let from = 0; from < body.length; ) {
    const newline = body.indexOf(NEWLINE, from);
    const end = newline < 0 ? body.length : newline;

    yield body.subarray(from, end);
    from = end + 1;
  }
}

const text = (value: unknown) => (typeof value === 'string' ? value : undefined);

function actionOf(line: Buffer, index: string): BulkAction {
  try {
    const [entry] = Object.entries(JSON.parse(line.toString()) ?? {});
    const [name = '', target] = entry ?? [];
    const { _index, _id }: { _index?: unknown; _id?: unknown } = target ?? {};

    return { name, index: text(_index) ?? index, id: text(_id) };
  } catch {
    throw new BulkSyntaxError('a line that names an action is no JSON');
  }
}

/**
 * Yields the documents of a bulk request: lines of JSON, each document behind the line that says
 * what to do with it. `index` is that of the path. Throws a BulkSyntaxError.
 */
export function* bulkItems(body: Buffer, index: string): Generator<BulkItem> {
  const lines = linesOf(body);

  for (const line of lines) {
    if (line.length === 0) {
      continue;
    }

    const action = actionOf(line, index);

    if (action.name === 'index' || action.name === 'create') {
      const { value, done } = lines.next();
      if (done) {
        throw new BulkSyntaxError('the last document is missing');
      }

      const isTooLarge = value.length > MAX_DOCUMENT_BYTES;
      const problem = isTooLarge ? `larger than ${MAX_DOCUMENT_BYTES} bytes` : undefined;
      yield { action, json: isTooLarge ? '' : value.toString(), problem };
    } else if (action.name === 'update' || action.name === 'delete') {
      if (action.name === 'update') {
        lines.next();
      }
      yield {
        action,
        json: '',
        problem: `${action.name} is not supported: documents stay as they are`,
      };
    } else {
      throw new BulkSyntaxError(`unknown action "${action.name.slice(0, 40)}"`);
    }
  }
}
