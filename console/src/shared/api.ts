// HTTP towards the program: JSON in and out, problem+json as a typed error.
import { t } from './i18n'
import type { Me } from './wire'

/** What went wrong: the last part of the problem's type (`wrong-password`), or `offline`, `unknown`. */
export class Problem extends Error {
  constructor(
    readonly code: string,
    readonly status: number,
    readonly detail: string,
    /** The whole body: some problems carry more (a quote, seconds to wait). */
    readonly body: Record<string, unknown> = {},
    /** Seconds, from `Retry-After`. */
    readonly retryAfter: number | null = null,
  ) {
    super(detail || code)
  }
}

/** A sentence for the person at the page. */
export function sentence(error: unknown): string {
  if (error instanceof Problem) {
    const worded = t.code('problem', error.code)
    return worded === error.code ? error.detail || t('problem.unknown') : worded
  }
  return t('problem.unknown')
}

const KEPT = 'dinetone.signed-in'
/** Whether somebody signed in with this browser: the session itself is hidden from pages. */
export const signedIn = {
  kept(): boolean {
    try {
      return localStorage.getItem(KEPT) !== null
    } catch {
      return true
    }
  },
  keep(is: boolean) {
    try {
      if (is) localStorage.setItem(KEPT, '1')
      else localStorage.removeItem(KEPT)
    } catch {
      // A browser without storage asks the server each time.
    }
  },
}

let onSignedOut: () => void = () => {
  location.assign('/')
}
/** What to do when the session is gone; pages that need no session replace it. */
export function whenSignedOut(then: () => void) {
  onSignedOut = then
}

interface Options {
  /** The same key gives the same answer: a repeated click places one order. */
  key?: string
  signal?: AbortSignal
  timeoutMs?: number
}

async function request<T>(method: string, path: string, body?: unknown, options: Options = {}): Promise<T> {
  const headers: Record<string, string> = { accept: 'application/json' }
  if (method !== 'GET') headers['content-type'] = 'application/json'
  if (options.key) headers['idempotency-key'] = options.key
  const limit = AbortSignal.timeout(options.timeoutMs ?? 10_000)
  let response: Response
  try {
    response = await fetch(path, {
      method,
      headers,
      body: body === undefined ? (method === 'GET' || method === 'DELETE' ? undefined : '{}') : JSON.stringify(body),
      credentials: 'same-origin',
      cache: 'no-store',
      signal: options.signal ? AbortSignal.any([options.signal, limit]) : limit,
    })
  } catch (error) {
    if (options.signal?.aborted) throw new Problem('aborted', 0, '')
    throw new Problem((error as Error).name === 'TimeoutError' ? 'timeout' : 'offline', 0, '')
  }
  const text = await response.text()
  let data: unknown = null
  try {
    data = text ? JSON.parse(text) : null
  } catch {
    data = null
  }
  if (response.ok) return data as T
  const problem = (data ?? {}) as Record<string, unknown>
  const code = typeof problem.type === 'string' ? (problem.type.split('/').pop() ?? 'unknown') : 'unknown'
  const detail = [problem.detail, problem.title].find((said) => typeof said === 'string' && said !== '') as string | undefined
  if (response.status === 401 && code !== 'wrong-password') {
    signedIn.keep(false)
    onSignedOut()
  }
  throw new Problem(
    response.status === 401 && code === 'unknown' ? 'signed-out' : code,
    response.status,
    detail ?? '',
    problem,
    Number(response.headers.get('retry-after')) || null,
  )
}

export const api = {
  get: <T>(path: string, options?: Options) => request<T>('GET', path, undefined, options),
  post: <T>(path: string, body?: unknown, options?: Options) => request<T>('POST', path, body, options),
  put: <T>(path: string, body?: unknown, options?: Options) => request<T>('PUT', path, body, options),
  patch: <T>(path: string, body?: unknown, options?: Options) => request<T>('PATCH', path, body, options),
  delete: <T>(path: string, options?: Options) => request<T>('DELETE', path, undefined, options),
}

/** A key nobody else uses. Works on insecure pages too, where `crypto.randomUUID` is missing. */
export function freshKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** Ends the session; a server that is away forgets it by itself. */
export async function signOut(): Promise<void> {
  signedIn.keep(false)
  await api.delete('/api/session').catch(() => {})
}

/** Who is signed in; a server that is away is waited for. `null` without a session: the page is being left for the sign-in then. */
export async function whoAmI(): Promise<Me | null> {
  for (let tries = 0; ; tries++) {
    try {
      return await api.get<Me>('/api/me')
    } catch (error) {
      if (error instanceof Problem && error.status === 401) return null
      await new Promise((resolve) => setTimeout(resolve, Math.min(8_000, 500 * 2 ** tries)))
    }
  }
}
