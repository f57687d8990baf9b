/** What a request or a handler is seen as by tracing; shaped so that OpenTelemetry fits in. */
export interface Telemetry {
  /** Begins a span that is a child of whatever is active. */
  startSpan(name: string, attributes: Readonly<Record<string, string | number>>): Span
}

export interface Span {
  /** Adds what ties the server's work to this span: `traceparent`, for example. */
  inject(headers: Record<string, string>): void
  /** Runs as a part of the span. */
  within<Result>(run: () => Result): Result
  end(error?: unknown): void
}

/** For those who trace nothing. */
export const noTelemetry: Telemetry = {
  startSpan: () => ({ inject: () => {}, within: (run) => run(), end: () => {} }),
}

/** The part of `@opentelemetry/api` that is used: give the module itself. */
export interface OpenTelemetryApi<Context> {
  readonly trace: {
    getTracer(name: string): {
      startSpan(
        name: string,
        options: { attributes: Record<string, string | number>; kind: number },
        context: Context,
      ): OpenTelemetrySpan
    }
    setSpan(context: Context, span: never): Context
  }
  readonly context: {
    active(): Context
    with<Result>(context: Context, run: () => Result): Result
  }
  readonly propagation: { inject(context: Context, carrier: Record<string, string>): void }
}

interface OpenTelemetrySpan {
  recordException(error: Error): void
  setStatus(status: { code: number; message?: string }): unknown
  end(): void
}

/** `SpanKind.CLIENT` and `SpanStatusCode.ERROR` of OpenTelemetry. */
const CLIENT = 2
const ERROR = 2

/** `openTelemetry(await import('@opentelemetry/api'))`, after a provider has been registered. */
export function openTelemetry<Context>(api: OpenTelemetryApi<Context>): Telemetry {
  const tracer = api.trace.getTracer('@courant/client')
  return {
    startSpan(name, attributes) {
      const options = { attributes: { ...attributes }, kind: CLIENT }
      const span = tracer.startSpan(name, options, api.context.active())
      const context = api.trace.setSpan(api.context.active(), span as never)
      return {
        inject: (headers) => api.propagation.inject(context, headers),
        within: (run) => api.context.with(context, run),
        end(error) {
          if (error instanceof Error) {
            span.recordException(error)
            span.setStatus({ code: ERROR, message: error.message })
          }
          span.end()
        },
      }
    },
  }
}
