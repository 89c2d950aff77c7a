// The live socket: snapshot then events, commands that are answered once, and coming back by itself.
import { reactive } from 'vue'
import { freshKey, Problem } from './api'
import type { Frame } from './wire'

/** How long to wait before attempt `n` (0, 1, …): 0.5 s doubling to 8 s, spread by a quarter either way. */
export function backOffMs(attempt: number, chance: number): number {
  const base = Math.min(8000, 500 * 2 ** Math.min(attempt, 10))
  return Math.min(8000, Math.max(500, base * (0.75 + chance * 0.5)))
}

interface Pending {
  type: string
  text: string
  resolve: () => void
  reject: (error: Problem) => void
  timer: ReturnType<typeof setTimeout>
}

export interface LiveOptions {
  path?: string
  /** Every frame that is not an answer. */
  onFrame: (frame: Frame) => void
  /** `seq` of the last frame applied; a gap makes the socket ask for a new snapshot. */
  onOpen?: () => void
  onLost?: () => void
  /** Anything at all was heard, answers too: the data is as of now. */
  onHeard?: () => void
  /** The phone's socket has neither snapshot nor sequence. */
  sequenced?: boolean
  /** The board's numbers have gaps (each viewer sees a part of the journal), and what was missed comes with a new connection. */
  loose?: boolean
  /** Says this often that somebody is there, ms; without it only when it was quiet for long. */
  beatMs?: number
  /** For tests. */
  make?: (url: string) => WebSocket
}

const QUIET_MS = 20_000
const PATIENCE_MS = 8_000

export class Live {
  readonly state = reactive({ open: false, everOpen: false, lostSince: 0, attempt: 0, ended: false })
  private socket: WebSocket | null = null
  private seq: number | null = null
  private resyncing = false
  private readonly prefix = freshKey().slice(0, 8)
  private counter = 0
  private readonly pending = new Map<string, Pending>()
  private heartbeat: ReturnType<typeof setInterval> | undefined
  private retry: ReturnType<typeof setTimeout> | undefined
  private lastHeard = 0

  constructor(private readonly options: LiveOptions) {}

  start() {
    this.state.ended = false
    this.connect()
    globalThis.addEventListener?.('online', this.now)
    this.heartbeat = setInterval(() => this.beat(), this.options.beatMs ?? 5_000)
  }

  /** For good: signed out, or the page is left. */
  stop() {
    this.state.ended = true
    globalThis.removeEventListener?.('online', this.now)
    clearInterval(this.heartbeat)
    clearTimeout(this.retry)
    this.drop()
    for (const [id, one] of this.pending) this.fail(id, one, 'offline')
  }

  /** Sends a command; resolves when the server did it, rejects with a `Problem` when not, or when nothing is heard in time. */
  send(type: string, body: Record<string, unknown> = {}, timeoutMs = 5_000): Promise<void> {
    const id = `${this.prefix}-${++this.counter}`
    const text = JSON.stringify({ v: 1, id, type, ...body })
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        const one = this.pending.get(id)
        if (one) this.fail(id, one, this.state.open ? 'timeout' : 'offline')
      }, timeoutMs)
      this.pending.set(id, { type, text, resolve, reject, timer })
      if (this.state.open) this.socket?.send(text)
    })
  }

  /** Asks whether the server is there; its answer counts as heard. */
  ask() {
    if (this.state.open) this.socket?.send(JSON.stringify({ v: 1, id: `${this.prefix}-${++this.counter}`, type: 'ping' }))
  }

  private fail(id: string, one: Pending, code: string) {
    clearTimeout(one.timer)
    this.pending.delete(id)
    one.reject(new Problem(code, 0, ''))
  }

  private readonly now = () => {
    if (this.state.open || this.state.ended) return
    clearTimeout(this.retry)
    this.connect()
  }

  private connect() {
    this.drop()
    const path = this.options.path ?? '/api/live'
    const url = `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}${path}`
    const socket = this.options.make ? this.options.make(url) : new WebSocket(url)
    this.socket = socket
    this.seq = null
    this.resyncing = false
    this.lastHeard = Date.now()
    socket.onopen = () => {
      if (socket !== this.socket) return
      this.lastHeard = Date.now()
      if (this.options.sequenced === false) this.opened()
    }
    socket.onmessage = (event: MessageEvent) => {
      if (socket !== this.socket) return
      this.lastHeard = Date.now()
      this.options.onHeard?.()
      this.heard(String(event.data))
    }
    socket.onclose = () => {
      if (socket === this.socket) this.lost()
    }
  }

  private opened() {
    this.state.open = true
    this.state.everOpen = true
    this.state.attempt = 0
    // The server does a command once however often it hears it, so what was not answered is said again.
    for (const one of this.pending.values()) this.socket?.send(one.text)
    this.options.onOpen?.()
  }

  private heard(text: string) {
    let frame: Frame
    try {
      frame = JSON.parse(text) as Frame
    } catch {
      return
    }
    if (frame.type === 'ok' || frame.type === 'error') {
      const one = frame.re === null ? undefined : this.pending.get(frame.re)
      if (!one || frame.re === null) return
      clearTimeout(one.timer)
      this.pending.delete(frame.re)
      if (frame.type === 'ok') one.resolve()
      else one.reject(new Problem(frame.problem, 409, frame.detail))
      return
    }
    if (frame.type === 'pong') return
    if (frame.type === 'resync') {
      if (this.options.loose) this.lost()
      else this.resync()
      return
    }
    if (frame.type === 'snapshot') {
      this.seq = frame.seq
      this.resyncing = false
      this.options.onFrame(frame)
      if (!this.state.open) this.opened()
      return
    }
    if (!this.options.loose && 'seq' in frame && typeof frame.seq === 'number') {
      if (this.resyncing) return
      if (this.seq !== null && frame.seq <= this.seq) return
      if (this.seq !== null && frame.seq !== this.seq + 1) {
        this.resync()
        return
      }
      this.seq = frame.seq
    }
    this.options.onFrame(frame)
  }

  /** Something was missed: a new snapshot says how things are. */
  private resync() {
    if (this.resyncing) return
    this.resyncing = true
    this.send('resync').catch(() => {
      this.resyncing = false
    })
  }

  private beat() {
    if (this.state.ended || !this.socket) return
    const quiet = Date.now() - this.lastHeard
    const patience = this.options.beatMs === undefined ? QUIET_MS + PATIENCE_MS : this.options.beatMs * 2.5
    if (quiet > patience || (!this.state.open && quiet > PATIENCE_MS)) {
      this.lost()
      return
    }
    if (this.state.open && (this.options.beatMs !== undefined || quiet > QUIET_MS - 5_000)) this.ask()
  }

  private lost() {
    this.drop()
    if (this.state.ended) return
    if (this.state.open || this.state.lostSince === 0) this.state.lostSince = Date.now()
    const was = this.state.open
    this.state.open = false
    if (was) this.options.onLost?.()
    clearTimeout(this.retry)
    this.retry = setTimeout(() => this.connect(), backOffMs(this.state.attempt++, Math.random()))
  }

  private drop() {
    const socket = this.socket
    this.socket = null
    if (!socket) return
    socket.onopen = socket.onmessage = socket.onclose = null
    try {
      socket.close()
    } catch {
      // It was closed already.
    }
  }
}
