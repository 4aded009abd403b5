import type { ServerResponse } from 'node:http';
import { observeBody } from '@ks-apiserver/http/request/body-observer';
import { interceptAnswer } from '@ks-apiserver/http/response/intercepted-answer';
import type { Filter, Incoming } from '@ks-apiserver/http/server/exchange';
import type { AuditedCall, AuditedRequest, Auditor } from '../models/auditing/auditor.ts';

function requestOf({ req, url, info, sourceIP }: Incoming): AuditedRequest {
  const mark = url.indexOf('?');
  return { info, query: mark < 0 ? '' : url.slice(mark), headers: req.headers, sourceIP };
}

/**
 * Records calls, also those that are refused. It comes before authentication, so that it sees
 * failures; the record is made when the answer has been written.
 */
export function auditing(auditor: Auditor): Filter {
  return (exchange, next) => {
    const { req, res } = exchange;
    const request = requestOf(exchange);
    const call = auditor.begin(request);
    if (!call) {
      return next();
    }

    const { requestBody, responseBody } = call;
    if (requestBody) {
      observeBody(req, (piece) => requestBody.add(piece));
    }

    const finish = () => call.finish({ ...answerOf(call, exchange.res), user: exchange.user });
    const observe = responseBody && ((piece: Uint8Array) => responseBody.add(piece));

    if (auditor.holds(call, request)) {
      interceptAnswer(res, { observe, hold: finish });
    } else {
      if (observe) {
        interceptAnswer(res, { observe });
      }

      res.once('close', () => void finish());
    }

    return next();
  };
}

function answerOf({ responseBody }: AuditedCall, res: ServerResponse) {
  return {
    status: res.statusCode,
    ...(responseBody && {
      response: {
        type: String(res.getHeader('content-type') ?? ''),
        encoding: String(res.getHeader('content-encoding') ?? ''),
      },
    }),
  };
}

/** Records a call for a protocol upgrade once it is granted or refused. */
export function auditUpgrade(auditor: Auditor, incoming: Incoming, status: number): void {
  void auditor.begin(requestOf(incoming))?.finish({ user: incoming.user, status });
}
