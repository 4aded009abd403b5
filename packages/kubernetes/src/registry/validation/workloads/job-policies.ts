import { listOf } from '../../resources/core-types.ts';
import type { Fields } from '../../resources/defaults/types.ts';
import { type Causes, each } from '../causes.ts';

const actions = ['Count', 'FailIndex', 'FailJob', 'Ignore'];

/** Go's `%q` of a list of texts. */
const quoted = (list: readonly string[]) =>
  `[${list.map((text) => JSON.stringify(text)).join(' ')}]`;

function validateExitCodes(
  rule: Fields,
  names: ReadonlySet<string>,
  at: string,
  out: Causes,
): void {
  const { operator = '', containerName, values = [] } = rule;
  const operators = ['In', 'NotIn'];

  if (operator === '') {
    out.required(`${at}.operator`, `valid values: ${quoted(operators)}`);
  } else {
    out.supported(`${at}.operator`, operator, operators);
  }

  if (containerName !== undefined && !names.has(containerName)) {
    const why = 'must be one of the container or initContainer names in the pod template';
    out.invalid(`${at}.containerName`, containerName, why);
  }

  const field = `${at}.values`;

  if (values.length === 0) {
    out.invalid(field, values, 'at least one value is required');
  } else if (values.length > 255) {
    out.tooMany(field, values.length, 255);
  }

  const seen = new Set<number>();
  each<number>(values, field, (value, path) => {
    if (operator === 'In' && value === 0) {
      out.invalid(path, value, 'must not be 0 for the In operator');
    }
    if (seen.has(value)) {
      out.duplicate(path, value);
    }

    seen.add(value);
  });

  if (listOf<number>(values).some((value, index) => index > 0 && values[index - 1] > value)) {
    out.invalid(field, values, 'must be ordered');
  }
}

function validateConditions(list: readonly Fields[], at: string, out: Causes): void {
  if (list.length > 20) {
    out.tooMany(at, list.length, 20);
  }

  each(list, at, ({ type = '', status = '' }, path) => {
    out.qualifiedName(`${path}.type`, type);

    const statuses = ['False', 'True', 'Unknown'];

    if (status === '') {
      out.required(`${path}.status`, `valid values: ${quoted(statuses)}`);
    } else {
      out.supported(`${path}.status`, status, statuses);
    }
  });
}

/** A Job's podFailurePolicy. */
export function validateFailurePolicy(spec: Fields, at: string, out: Causes): void {
  const { rules = [] } = spec.podFailurePolicy;
  const { containers = [], initContainers = [] } = spec.template?.spec ?? {};
  const names = new Set<string>([...containers, ...initContainers].map(({ name }) => name));

  if (rules.length > 20) {
    out.tooMany(`${at}.rules`, rules.length, 20);
  }

  each<Fields>(rules, `${at}.rules`, ({ action = '', onExitCodes, onPodConditions = [] }, path) => {
    if (action === '') {
      out.required(`${path}.action`, `valid values: ${quoted(actions)}`);
    } else if (action === 'FailIndex') {
      if (spec.backoffLimitPerIndex === undefined) {
        out.invalid(`${path}.action`, action, 'requires the backoffLimitPerIndex to be set');
      }
    } else {
      out.supported(`${path}.action`, action, actions);
    }

    if (onExitCodes) {
      validateExitCodes(onExitCodes, names, `${path}.onExitCodes`, out);
    }
    if (onPodConditions.length > 0) {
      validateConditions(onPodConditions, `${path}.onPodConditions`, out);
    }

    const refuse = (why: string) =>
      out.add({ reason: 'FieldValueInvalid', message: `Invalid value: ${why}`, field: path });

    if (onExitCodes && onPodConditions.length > 0) {
      refuse('specifying both OnExitCodes and OnPodConditions is not supported');
    }
    if (!onExitCodes && onPodConditions.length === 0) {
      refuse('specifying one of OnExitCodes and OnPodConditions is required');
    }
  });
}

interface Indexes {
  total: number;
  error?: string;
}

/** The indexes in a text such as `0,2-4`. */
function parseIndexes(text: string, completions: number): Indexes {
  let [last, total] = [-1, 0];

  for (const interval of text === '' ? [] : text.split(',')) {
    const parts = interval.split('-');
    if (parts.length > 2) {
      const why =
        "violates the requirement that an index interval can have at most two parts separated by '-'";
      return { total: 0, error: `the fragment ${JSON.stringify(interval)} ${why}` };
    }

    const numbers: number[] = [];

    for (const part of parts) {
      if (!/^[+-]?\d+$/.test(part)) {
        return {
          total: 0,
          error: `cannot convert string to integer for index: ${JSON.stringify(part)}`,
        };
      }

      if (Number(part) >= completions) {
        return { total: 0, error: `too large index: ${JSON.stringify(part)}` };
      }

      numbers.push(Number(part));
    }

    const [first = 0, end = first] = numbers;
    const order = (a: number, b: number) => `non-increasing order, previous: ${a}, current: ${b}`;

    if (numbers.length === 2 && first >= end) {
      return { total: 0, error: order(first, end) };
    }
    if (last >= first) {
      return { total: 0, error: order(last, first) };
    }

    total += end - first + 1;
    last = end;
  }

  return { total };
}

/** A Job's successPolicy. */
export function validateSuccessPolicy(spec: Fields, at: string, out: Causes): void {
  const { rules = [] } = spec.successPolicy;
  const { completions = 0 } = spec;

  if (rules.length === 0) {
    out.required(
      `${at}.rules`,
      'at least one rules must be specified when the successPolicy is specified',
    );
  }

  if (rules.length > 20) {
    out.tooMany(`${at}.rules`, rules.length, 20);
  }

  each<Fields>(
    rules,
    `${at}.rules`,
    ({ succeededCount: count, succeededIndexes: indexes }, path) => {
      if (count === undefined && indexes === undefined) {
        out.required(path, 'at least one of succeededCount or succeededIndexes must be specified');
      }

      const parsed = parseIndexes(indexes ?? '', completions);
      if (parsed.error) {
        out.invalid(
          `${path}.succeededIndexes`,
          indexes,
          `error parsing succeededIndexes: ${parsed.error}`,
        );
      }

      if (count === undefined) {
        return;
      }

      const field = `${path}.succeededCount`;
      out.notNegative(field, count);

      const most = (limit: number, what: string) =>
        out.invalid(field, count, `must be less than or equal to ${limit} (${what})`);

      if (count > completions) {
        most(completions, 'the number of specified completions');
      }
      if (indexes !== undefined && count > parsed.total) {
        most(parsed.total, 'the number of indexes in the specified succeededIndexes field');
      }
    },
  );
}
