import type { PathItem, SwaggerDocument, SwaggerOperation, SwaggerParameter } from './document.ts';

/** One published operation. */
export interface Operation {
  method: string;
  path: string;
  operationId: string;
}

/** The operations of KubeSphere 3.0, and how many of those outside /apis may still be missing. */
export interface PublishedOperations {
  operations: Operation[];
  missingAtMost: number;
}

/**
 * Parses api/operations-3.0.txt: comments, one of them `# missing: N`, and rows of method, path and
 * operationId.
 */
export function parseOperations(text: string): PublishedOperations {
  const lines = text.split('\n').filter((line) => line !== '');

  const operations = lines
    .filter((line) => !line.startsWith('#'))
    .map((line) => {
      const [method = '', path = '', operationId = ''] = line.split(' ');
      return { method, path, operationId };
    });

  return { operations, missingAtMost: Number(/^# missing: (\d+)$/m.exec(text)?.[1] ?? 0) };
}

/**
 * Returns the operations of a document by `METHOD path`; the names of path parameters do not count,
 * as clients cannot see them.
 */
export function operationsOf(document: SwaggerDocument): Map<string, SwaggerOperation> {
  const found = new Map<string, SwaggerOperation>();

  for (const [path, item] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(item)) {
      if (method !== 'parameters') {
        found.set(operationKey(method, path), operation as SwaggerOperation);
      }
    }
  }

  return found;
}

/** Key of an operation in `operationsOf`. */
export function operationKey(method: string, path: string): string {
  return `${method.toUpperCase()} ${path.replace(/\{[^}]*\}/g, '{}').replace(/(.)\/$/, '$1')}`;
}

/**
 * Returns the published operations that a document lacks, and those with another id; an id that
 * repeats there may have more at its end.
 */
export function compareOperations(
  published: readonly Operation[],
  document: SwaggerDocument,
): { missing: Operation[]; renamed: (Operation & { ours: string })[] } {
  const ours = operationsOf(document);
  const seen = new Map<string, number>();

  for (const { operationId } of published) {
    seen.set(operationId, (seen.get(operationId) ?? 0) + 1);
  }

  const isSame = (id: string, own: string) =>
    own === id || ((seen.get(id) ?? 0) > 1 && own.startsWith(id));
  const missing: Operation[] = [];
  const renamed: (Operation & { ours: string })[] = [];

  for (const operation of published) {
    const found = ours.get(operationKey(operation.method, operation.path));
    if (!found) {
      missing.push(operation);
    } else if (!isSame(operation.operationId, found.operationId)) {
      renamed.push({ ...operation, ours: found.operationId });
    }
  }

  return { missing, renamed };
}

function parameterNames(item: PathItem, operation: SwaggerOperation): Set<string> {
  const parameters: SwaggerParameter[] = [
    ...(item.parameters ?? []),
    ...(operation.parameters ?? []),
  ];

  return new Set(
    parameters
      .filter((p) => p.in !== 'path')
      .map((p) => (p.in === 'body' ? 'body' : `${p.in} ${p.name}`)),
  );
}

/**
 * Returns what the operations that both documents have, and the definitions of the same name, lack
 * of the reference.
 */
export function compareDeeply(reference: SwaggerDocument, document: SwaggerDocument): string[] {
  const items = new Map(
    Object.entries(document.paths).map(([path, item]) => [operationKey('', path), item]),
  );
  const lines: string[] = [];

  for (const [path, item] of Object.entries(reference.paths)) {
    const our = items.get(operationKey('', path));

    for (const [method, operation] of Object.entries(item)) {
      const ours = our?.[method];
      if (method === 'parameters' || !our || !ours) {
        continue;
      }

      const names = parameterNames(our, ours as SwaggerOperation);

      for (const name of parameterNames(item, operation as SwaggerOperation)) {
        if (!names.has(name)) {
          lines.push(`${method.toUpperCase()} ${path}: no parameter ${name}`);
        }
      }
    }
  }

  for (const [name, definition] of Object.entries(reference.definitions ?? {})) {
    const ours = document.definitions[name];
    if (!ours) {
      lines.push(`no definition ${name}`);
    }

    for (const field of Object.keys(ours ? (definition.properties ?? {}) : {})) {
      if (!ours?.properties?.[field]) {
        lines.push(`definition ${name}: no field ${field}`);
      }
    }
  }

  return lines;
}
