import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { observeBody } from '@ks-apiserver/http/request/body-observer';
import { interceptAnswer } from '@ks-apiserver/http/response/intercepted-answer';
import type { Filter, Incoming } from '@ks-apiserver/http/server/exchange';
import type { BodyHeaders } from '../models/auditing/audited-body.ts';
import type { AuditedRequest, Auditor } from '../models/auditing/auditor.ts';

function requestOf({ req, url, info, asked = info, sourceIP }: Incoming): AuditedRequest {
  const mark = url.indexOf('?');
  return { info: asked, query: mark < 0 ? '' : url.slice(mark), headers: req.headers, sourceIP };
}

/**
 * Records calls, also those that are refused. It comes before authentication, so that it sees
 * failures; the record is made when the answer has been written.
 */
export function auditing(auditor: Auditor): Filter {
  return (exchange, next) => {
    if (!auditor.mayRecord(exchange.info)) {
      return next(exchange);
    }

    const { req, res } = exchange;
    const request = requestOf(exchange);
    const call = auditor.begin(request);
    if (!call) {
      return next(exchange);
    }

    const { requestBody, responseBody } = call;
    if (requestBody) {
      observeBody(req, (piece) => requestBody.add(piece));
    }

    let sent: OutgoingHttpHeaders = {};
    const head = (headers: OutgoingHttpHeaders) => {
      sent = headers;
    };

    const finish = () =>
      call.finish({
        user: exchange.user,
        status: res.statusCode,
        ...(responseBody && { response: bodyHeaders(res, sent) }),
      });

    const observe = responseBody && ((piece: Uint8Array) => responseBody.add(piece));

    if (auditor.holds(call, request)) {
      interceptAnswer(res, { head, observe, hold: finish });
    } else {
      if (observe) {
        interceptAnswer(res, { head, observe });
      }

      res.once('close', () => void finish());
    }

    return next(exchange);
  };
}

/** Returns the headers of an answer's body, set one by one or together with the status. */
function bodyHeaders(res: ServerResponse, sent: OutgoingHttpHeaders): BodyHeaders {
  const header = (name: string) => String(sent[name] ?? res.getHeader(name) ?? '').toLowerCase();
  return { type: header('content-type'), encoding: header('content-encoding') };
}

/** Records a call for a protocol upgrade once it is granted or refused. */
export function auditUpgrade(auditor: Auditor, incoming: Incoming, status: number): void {
  void auditor.begin(requestOf(incoming))?.finish({ user: incoming.user, status });
}
