import { badRequest, requestTooLarge, StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import { constructFromEvents, EVENT_ID, parseEvents } from 'js-yaml';

/**
 * Longest configuration that is read as YAML which is no JSON, in characters, and its deepest
 * nesting.
 */
const YAML_LIMIT = 64 * 1024;
const YAML_DEPTH = 100;

/**
 * Clients apply JSON nearly always, which a YAML parser reads a hundred times slower. Throws 413
 * for much of YAML.
 */
function parse(text: string): unknown {
  if (text.trimStart().startsWith('{')) {
    try {
      return JSON.parse(text);
    } catch {
      // Flow style of YAML begins with a brace too.
    }
  }

  if (text.length > YAML_LIMIT) {
    throw requestTooLarge(YAML_LIMIT);
  }

  const events = parseEvents(text, { maxDepth: YAML_DEPTH });
  if (events.some(({ type }) => type === EVENT_ID.ALIAS)) {
    throw new Error('aliases are not supported');
  }

  return constructFromEvents(events, { source: text })[0];
}

/**
 * What a body in YAML, as a rule in JSON, says. Throws 400 for one that cannot be read, 413 for
 * much of YAML.
 */
export function parseConfiguration(body: Buffer): unknown {
  try {
    return parse(body.toString());
  } catch (error) {
    if (error instanceof StatusError) {
      throw error;
    }

    throw badRequest(`the applied configuration is no YAML: ${(error as Error).message}`);
  }
}
