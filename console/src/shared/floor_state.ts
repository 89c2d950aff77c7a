// What the console knows of the floor, folded from a snapshot and the events after it. Pure: tests feed it frames.
import type { Agent, Call, Frame, NodeView, Queue, Queues, Supervision } from './wire'

export interface FloorState {
  /** False until the first snapshot. */
  known: boolean
  me: Agent | null
  agents: Record<string, Agent>
  calls: Record<number, Call>
  /** The lines of the whole house: those of our node and of the others. */
  queues: Queues
  own: Queues
  /** The other nodes, by name. */
  nodes: Record<string, NodeView>
  storeAway: boolean
  version: string
  /** Server's clock minus ours, ms. */
  skew: number
  media: { connected: boolean; lossPercent: number; rttMs: number }
  supervised: { by: string; how: Supervision } | null
  takenOver: boolean
  signedOut: string | null
  /** When the last frame came, by our clock: the wallboard's «data as of». */
  heardAt: number
  /** Last offer that was taken back, for a notice. */
  withdrawn: { call: number; why: string } | null
}

export function emptyFloor(): FloorState {
  return {
    known: false,
    me: null,
    agents: {},
    calls: {},
    queues: { queues: [], waiting: [] },
    own: { queues: [], waiting: [] },
    nodes: {},
    storeAway: false,
    version: '',
    skew: 0,
    media: { connected: false, lossPercent: 0, rttMs: 0 },
    supervised: null,
    takenOver: false,
    signedOut: null,
    heardAt: 0,
    withdrawn: null,
  }
}

function keepAgent(state: FloorState, agent: Agent) {
  if (agent.state === 'offline') delete state.agents[agent.user]
  else state.agents[agent.user] = agent
  if (state.me?.user === agent.user && agent.node === null) state.me = agent
}

const oldest = (one: string | null, other: string | null) => (one && other ? (Date.parse(one) <= Date.parse(other) ? one : other) : (one ?? other))

function together(one: Queue, other: Queue): Queue {
  const sum = { ...one, longest_since: oldest(one.longest_since, other.longest_since) }
  for (const key of ['waiting', 'agents', 'ready', 'offered', 'answered', 'answered_in_time', 'abandoned', 'abandoned_short'] as const) sum[key] += other[key]
  return sum
}

/** The lines of the whole house. */
export function house(own: Queues, nodes: NodeView[]): Queues {
  if (nodes.length === 0) return own
  const queues = new Map(own.queues.map((queue) => [queue.queue, queue]))
  for (const queue of nodes.flatMap((node) => node.queues)) {
    const known = queues.get(queue.queue)
    queues.set(queue.queue, known ? together(known, queue) : queue)
  }
  const theirs = nodes.flatMap((node) => node.waiting.map((one) => ({ ...one, node: node.node })))
  return { queues: [...queues.values()], waiting: [...own.waiting, ...theirs] }
}

function lines(state: FloorState, own: Queues, nodes: Record<string, NodeView>) {
  state.own = own
  state.nodes = nodes
  state.queues = house(own, Object.values(nodes))
}

/** Changes `state` by one frame. `now` is our clock, ms. `self` is the user of this page, known before they are signed on. */
export function applyFrame(state: FloorState, frame: Frame, now: number, self: string | null = null): void {
  state.heardAt = now
  if ('at' in frame && typeof frame.at === 'string') {
    const skew = Date.parse(frame.at) - now
    // Frames that were held up make the server look slow: the quickest one is nearest to the truth.
    if (frame.type === 'snapshot' || skew > state.skew) state.skew = Number.isFinite(skew) ? skew : state.skew
  }
  switch (frame.type) {
    case 'snapshot':
      state.known = true
      state.me = frame.me
      state.agents = Object.fromEntries(frame.agents.map((agent) => [agent.user, agent]))
      if (frame.me && frame.me.state !== 'offline') state.agents[frame.me.user] = frame.me
      state.calls = Object.fromEntries(frame.calls.map((call) => [call.call, call]))
      lines(state, frame.queues, Object.fromEntries(frame.nodes.map((node) => [node.node, node])))
      state.storeAway = frame.store_away
      state.version = frame.version
      state.takenOver = false
      break
    case 'agent.state': {
      const { type: _type, seq: _seq, at: _at, ...agent } = frame
      keepAgent(state, agent)
      if (self !== null && agent.user === self && agent.node === null) state.me = agent
      break
    }
    case 'call.ring':
    case 'call.state':
      if (frame.call.state === 'closed') delete state.calls[frame.call.call]
      else state.calls[frame.call.call] = frame.call
      if (Object.keys(state.calls).length === 0) state.supervised = null
      break
    case 'call.withdrawn': {
      const had = state.calls[frame.call]
      // A late «taken back» never takes away a call that was answered meanwhile.
      if (had && (frame.why === 'left' || frame.why === 'watch_over')) delete state.calls[frame.call]
      else if (had && had.state === 'ringing') {
        delete state.calls[frame.call]
        state.withdrawn = { call: frame.call, why: frame.why }
      }
      break
    }
    case 'queues':
      lines(state, { queues: frame.queues, waiting: frame.waiting }, state.nodes)
      break
    case 'node': {
      const { type: _type, seq: _seq, at: _at, ...node } = frame
      lines(state, state.own, { ...state.nodes, [node.node]: node })
      break
    }
    case 'node.gone': {
      const { [frame.node]: _gone, ...others } = state.nodes
      lines(state, state.own, others)
      break
    }
    case 'media.state':
      state.media = { connected: frame.connected, lossPercent: frame.loss_percent, rttMs: frame.rtt_ms }
      break
    case 'supervised':
      state.supervised = frame.how ? { by: frame.by, how: frame.how } : null
      break
    case 'store':
      state.storeAway = frame.away
      break
    case 'taken_over':
      state.takenOver = true
      break
    case 'signed_out':
      state.signedOut = frame.why
      break
  }
}

/** The call that the page is about: one that rings, else one that is spoken, else one to sum up. */
export function currentCall(state: FloorState): Call | null {
  const order = ['talking', 'conference', 'consulting', 'held', 'dialling', 'ringing', 'wrap_up']
  const calls = Object.values(state.calls)
  for (const name of order) {
    const found = calls.find((call) => call.state === name)
    if (found) return found
  }
  return null
}
