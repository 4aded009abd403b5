// Helpers by which tests call the server's API.

/** Calls until the check passes; throws its last error after ten seconds. */
export async function eventually(check) {
  for (let end = Date.now() + 10_000; ; ) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > end) {
        throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/**
 * Returns a function that calls the server: a body is sent as JSON or as a merge patch, a form as a
 * form. It returns status, text and JSON.
 */
export function api(url) {
  return async (path, options = {}) => {
    const { token, body, form, method, headers = {} } = /** @type {any} */ (options);
    const sent = { ...headers, ...(token && { authorization: `Bearer ${token}` }) };

    if (body !== undefined) {
      sent['content-type'] =
        method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    }

    const plain = body === undefined ? undefined : JSON.stringify(body);
    const payload = form ? new URLSearchParams(form) : plain;

    const response = await fetch(url + path, {
      method: method ?? (payload ? 'POST' : 'GET'),
      headers: sent,
      body: payload,
      redirect: 'manual',
    });

    const text = await response.text();
    let json;

    try {
      json = JSON.parse(text);
    } catch {
      // A text answer stays a string.
    }

    return { status: response.status, text, json };
  };
}

/** Logs in by name and password and returns an access token; throws if the log-in is refused. */
export async function tokenOf(url, username, password) {
  const { status, text, json } = await api(url)('/oauth/token', {
    form: { grant_type: 'password', username, password },
  });

  if (status !== 200) {
    throw new Error(`log-in of ${username}: ${status} ${text}`);
  }

  return json.access_token;
}
