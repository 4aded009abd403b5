import { regexTest, type Test } from './regex.ts';

/** How a matcher compares a label's value; the two with `~` take an RE2 expression. */
export type MatchOperator = '=' | '!=' | '=~' | '!~';

/** A condition on one label of a series; a label that is missing has the value ''. */
export interface Matcher {
  readonly name: string;
  readonly op: MatchOperator;
  readonly value: string;
}

/** The label that holds a metric's name. */
export const METRIC_NAME = '__name__';

/**
 * Returns the test of a matcher for values of its label. Regular expressions match the whole value.
 * @throws Error for a regular expression that is not valid RE2
 */
export function valueTest({ op, value }: Matcher): Test {
  switch (op) {
    case '=':
      return (candidate) => candidate === value;
    case '!=':
      return (candidate) => candidate !== value;
    case '=~':
      return regexTest(value);
    case '!~': {
      const test = regexTest(value);
      return (candidate) => !test(candidate);
    }
  }
}
