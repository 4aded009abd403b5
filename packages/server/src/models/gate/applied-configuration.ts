import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import { badRequest, requestTooLarge, StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import { constructFromEvents, EVENT_ID, parseEvents } from 'js-yaml';

/** Longest configuration that is parsed as YAML and not as JSON, in characters. */
const YAML_LIMIT = 64 * 1024;

/** Deepest nesting of such a configuration. */
const YAML_DEPTH = 100;

/**
 * Tries JSON first: clients nearly always send it, and a YAML parser reads it a hundred times
 * slower. Throws 413 for YAML beyond the limit.
 */
function parseYamlOrJson(text: string): unknown {
  if (text.trimStart().startsWith('{')) {
    try {
      return JSON.parse(text);
    } catch {
      // YAML in flow style begins with a brace too.
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

/** Parses an applied configuration. Throws 400 for one that cannot be read, 413 for long YAML. */
export function parseConfiguration(body: Buffer): unknown {
  try {
    return parseYamlOrJson(body.toString());
  } catch (error) {
    if (error instanceof StatusError) {
      throw error;
    }

    throw badRequest(`the applied configuration is no YAML: ${messageOf(error)}`);
  }
}
