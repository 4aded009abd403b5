const JSON_RANGE = /^\s*(application\/(json|\*)|\*\/\*)\s*(;|$)/i;

/** Whether an Accept header takes JSON. */
export function takesJson(accept = ''): boolean {
  return accept.trim() === '' || accept.split(',').some((range) => JSON_RANGE.test(range));
}
