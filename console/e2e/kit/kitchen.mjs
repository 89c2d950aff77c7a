// The kitchen's boards, painted: a socket that gives a snapshot of a made-up evening, and steps that are answered.
import * as made from '../../dev/kitchen.mjs'

export { made }

/** `sent` collects the steps as `{path, body}`. */
export function paintedBoard(me, { orders = made.evening(), count = 6, tasks = null } = {}) {
  const cards = new Map(orders.map((one) => [one.id, one]))
  const sent = []
  const sockets = new Set()
  let seq = 1
  const tell = (frame) => sockets.forEach((socket) => socket.send(JSON.stringify({ seq: ++seq, ...frame })))
  const live = (socket) => {
    sockets.add(socket)
    socket.send(JSON.stringify({ ...made.snapshot(me, { orders: [...cards.values()], count }), ...(tasks ? { tasks } : {}), seq }))
    socket.onMessage((text) => {
      if (JSON.parse(text).type === 'ping') socket.send(JSON.stringify({ type: 'pong' }))
    })
    socket.onClose(() => sockets.delete(socket))
  }
  const step = (request) => {
    const id = new URL(request.url()).pathname.split('/')[3]
    const body = request.postDataJSON()
    sent.push({ id, ...body })
    const card = made.stepped(cards.get(id), body, me.name)
    cards.set(id, card)
    tell({ type: 'order', order: card })
    return { status: 200, body: card }
  }
  const answers = Object.fromEntries([...cards.keys()].map((id) => [`POST /api/orders/${id}/steps`, step]))
  return { live, tell, sent, cards, answers, close: () => sockets.forEach((socket) => socket.close()) }
}
