// What a board knows, and how a frame changes it. Pure: the socket and the pages are around it.
import type { BoardFrame, Branch, Card, Rider, Seat, Task } from './wire'

export interface Board {
  me: Seat | null
  orders: Map<string, Card>
  tasks: Map<string, Task>
  branches: Map<number, Branch>
  riders: Map<string, Rider>
  /** The server's clock minus ours, ms. */
  skew: number
}

export const emptyBoard = (): Board => ({ me: null, orders: new Map(), tasks: new Map(), branches: new Map(), riders: new Map(), skew: 0 })

/** Takes an order over unless we know it already as it was later. True when something changed. */
export function mergeOrder(board: Board, card: Card): boolean {
  const known = board.orders.get(card.id)
  if (known && known.life > card.life) return false
  board.orders.set(card.id, card)
  return true
}

/** A task that is done does not come back: two frames may cross. */
export function mergeTask(board: Board, task: Task): boolean {
  const known = board.tasks.get(task.id)
  if (known?.done_at && !task.done_at) return false
  if (task.done_at) return board.tasks.delete(task.id)
  board.tasks.set(task.id, task)
  return true
}

/** What a frame does to the board; `at` is our clock. True when something is to be drawn. */
export function applyBoardFrame(board: Board, frame: BoardFrame, at: number): boolean {
  switch (frame.type) {
    case 'snapshot':
      board.me = frame.me
      board.skew = frame.at - at
      board.orders = new Map(frame.orders.map((order) => [order.id, order]))
      board.tasks = new Map(frame.tasks.filter((task) => !task.done_at).map((task) => [task.id, task]))
      board.branches = new Map(frame.branches.map((branch) => [branch.number, branch]))
      board.riders = new Map(frame.riders.map((rider) => [rider.id, rider]))
      return true
    case 'order':
      // A branch whose order went elsewhere is told so by the card itself.
      if (board.me?.role === 'branch' && frame.order.branch !== board.me.branch) {
        const known = board.orders.get(frame.order.id)
        return known !== undefined && known.life <= frame.order.life && board.orders.delete(frame.order.id)
      }
      return mergeOrder(board, frame.order)
    case 'task':
      return mergeTask(board, frame.task)
    case 'branch':
      board.branches.set(frame.branch.number, frame.branch)
      return true
    case 'rider':
      board.riders.set(frame.rider.id, frame.rider)
      return true
    default:
      return false
  }
}
