interface InputAnswer {
  id?: unknown;
  parameters?: unknown;
  abort?: unknown;
}

function parsed(text: string): InputAnswer {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
  } catch {
    return {};
  }
}

/**
 * Returns the answer to an input step as Jenkins wants it: who goes on without parameters sends an
 * empty list of them. Anything that is no JSON goes on without an id, which Jenkins refuses.
 */
export function inputAnswer(text: string): string {
  const { id, parameters, abort } = parsed(text);
  const isAborted = abort === true;
  const given = Array.isArray(parameters) && parameters.length > 0;

  return JSON.stringify({
    ...(typeof id === 'string' && id !== '' && { id }),
    ...(given && { parameters }),
    ...(!given && !isAborted && { parameters: [] }),
    ...(isAborted && { abort: true }),
  });
}
