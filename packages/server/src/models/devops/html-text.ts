const NAMED: Readonly<Record<string, string>> = {
  amp: '&',
  apos: "'",
  gt: '>',
  ldquo: '“',
  lsquo: '‘',
  lt: '<',
  nbsp: ' ',
  quot: '"',
  rdquo: '”',
  rsquo: '’',
};

/** Longest page that is read, in characters. */
const MAX_PAGE = 64 * 1024;

function character(reference: string): string | undefined {
  if (!reference.startsWith('#')) {
    return NAMED[reference];
  }

  const code = /^#x/i.test(reference)
    ? Number.parseInt(reference.slice(2), 16)
    : Number.parseInt(reference.slice(1), 10);

  return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : undefined;
}

/** Returns the text of HTML: without tags, with its character references resolved. */
export function htmlText(html: string): string {
  return html
    .replace(/<[^<>]*>/g, '')
    .replace(/&(#\d{1,7}|#[xX][\da-fA-F]{1,6}|\w{1,10});/g, (whole, reference: string) => {
      return character(reference) ?? whole;
    })
    .trim();
}

/** Class and text of the last `div` of a page. */
export interface Division {
  className: string;
  text: string;
}

/** Finds the last `div` of a page; without one its class and text are empty. */
export function lastDivision(page: string): Division {
  const html = page.slice(0, MAX_PAGE);
  const start = html.lastIndexOf('<div');
  const open = html.indexOf('>', start);
  if (start < 0 || open < 0) {
    return { className: '', text: '' };
  }

  const close = html.indexOf('</div', open);
  const [, quoted, bare] =
    /\sclass=(?:["']([^"']*)["']|([^\s"'>/]+))/.exec(html.slice(start, open)) ?? [];

  return {
    className: quoted ?? bare ?? '',
    text: htmlText(html.slice(open + 1, close < 0 ? undefined : close)),
  };
}
