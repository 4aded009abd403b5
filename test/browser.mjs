// A minimal browser for log-ins: cookies by host and path, and redirects followed one by one.

/** A browser without a session. */
export class Browser {
  #jar = [];

  /** Returns the cookies for a URL, as a header. */
  cookies(url) {
    const { host, pathname } = new URL(url);
    const sent = this.#jar.filter(
      (cookie) => cookie.host === host && pathname.startsWith(cookie.path),
    );

    return sent.map(({ name, value }) => `${name}=${value}`).join('; ');
  }

  #keep(url, headers) {
    const { host } = new URL(url);

    for (const line of headers.getSetCookie()) {
      const [pair, ...attributes] = line.split(';').map((part) => part.trim());
      const mark = pair.indexOf('=');
      const [name, value] = [pair.slice(0, mark), pair.slice(mark + 1)];
      const path = attributes.find((text) => /^path=/i.test(text))?.slice(5) ?? '/';
      const gone = attributes.some(
        (text) => /^max-age=0$/i.test(text) || /^expires=Thu, 01 Jan 1970/i.test(text),
      );

      this.#jar = this.#jar.filter(
        (cookie) => cookie.host !== host || cookie.name !== name || cookie.path !== path,
      );

      if (!gone) {
        this.#jar.push({ host, path, name, value });
      }
    }
  }

  /** Makes one call, with cookies and without following a redirect. */
  async visit(url, options = {}) {
    const { form, headers } = /** @type {any} */ (options);

    const cookie = this.cookies(url);

    const response = await fetch(url, {
      redirect: 'manual',
      method: form ? 'POST' : 'GET',
      headers: { ...headers, ...(cookie && { cookie }) },
      ...(form && { body: new URLSearchParams(form) }),
    });

    this.#keep(url, response.headers);

    const text = await response.text();
    const location = response.headers.get('location');

    return {
      status: response.status,
      text,
      headers: response.headers,
      location: location && new URL(location, url).href,
    };
  }
}
