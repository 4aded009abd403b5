import { clusterMessages } from './cluster-messages.ts';
import { coreMessages } from './core-messages.ts';
import { groupMessages } from './group-messages.ts';

/** The form of a field's values in JSON. */
export interface Field {
  name: string;
  shape: 'one' | 'list' | 'map' | 'inline';
  /** `s` string, `i` int, `b` bool, `f` double, `y` bytes, or the name of a message. */
  type: string;
  /** True where zero differs from absent. */
  pointer: boolean;
}

/** A message: its fields by number, or `strings` for one that is a list of strings in JSON. */
export type Message = ReadonlyMap<number, Field> | 'strings';

const shapes = { '*': 'list', '%': 'map', '^': 'inline' } as const;
const lines = new Map<string, string>();
const sections = new Map<string, string>();
const parsed = new Map<string, Message>();

// Messages are parsed when they are first used: most servers never see protobuf.
function index(): void {
  let section = '';

  for (const line of `${coreMessages}${groupMessages}${clusterMessages}`
    .replaceAll('\n  ', ' ')
    .split('\n')) {
    if (line.startsWith('#')) {
      const [, name = '', apiVersion = ''] = line.split(' ');
      section = name;

      if (name !== 'meta') {
        sections.set(apiVersion, name);
      }
    } else if (line !== '') {
      lines.set(`${section}.${line.slice(0, line.indexOf(' '))}`, line);
    }
  }
}

const leaves = new Set(
  'i b f y Quantity IntOrString Time MicroTime FieldsV1 RawExtension OrBool OrList OrTexts'.split(
    ' ',
  ),
);

function parse(name: string, line: string): Message {
  const [, ...tokens] = line.split(' ');
  if (tokens[0] === '[]') {
    return 'strings';
  }

  const section = name.slice(0, name.indexOf('.'));

  return new Map(
    tokens
      .filter((token) => token !== '')
      .map((token): [number, Field] => {
        const [, flag = '', field = '', number = '', type = 's'] =
          /^([*%?^]?)([^:]+):(\d+)(?::(.+))?$/.exec(token) ?? [];

        return [
          Number(number),
          {
            name: field,
            shape: shapes[flag as keyof typeof shapes] ?? 'one',
            type:
              type === 's' || leaves.has(type) || type.includes('.') ? type : `${section}.${type}`,
            pointer: flag === '?',
          },
        ];
      }),
  );
}

/** The message of a name such as `core.PodSpec`, or undefined. */
export function findMessage(name: string): Message | undefined {
  if (lines.size === 0) {
    index();
  }

  const line = lines.get(name);
  if (line === undefined) {
    return undefined;
  }

  let message = parsed.get(name);
  if (!message) {
    message = parse(name, line);
    parsed.set(name, message);
  }

  return message;
}

/**
 * Name of the message of a kind, or undefined for kinds that have none, such as custom resources.
 */
export function messageNameOf(apiVersion: string, kind: string): string | undefined {
  if (lines.size === 0) {
    index();
  }
  if (kind === 'DeleteOptions') {
    return 'meta.DeleteOptions';
  }

  const section = sections.get(apiVersion);
  const name = `${section}.${kind}`;

  return section !== undefined && lines.has(name) ? name : undefined;
}
