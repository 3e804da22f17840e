/**
 * How one step of a conversation is answered.
 */
import { DEFECT, type LookupResult, NO_TABLE } from '../core/result.ts'
import type { StoreResult } from '../core/store/store.ts'
import type {
  AskStep,
  Conversation,
  PassedResult,
  Reply,
  ReplyStep,
  Step,
  StoreStep,
} from '../protocols/protocol.ts'
import type { ListenerContext } from './context.ts'

/** For requests that were refused before they named anything. */
const NO_KEY = Buffer.alloc(0)

/** A step that needs an answer. */
type AnsweredStep = AskStep | StoreStep | ReplyStep

/** What may come of one. */
export type Result = LookupResult | StoreResult | PassedResult

/**
 * The next step. A bug there leaves nobody knowing what comes next in the stream: a last reply, and the end, as a
 * violation without a name, since the client has made no error.
 */
export function nextStep({ observer }: ListenerContext, conversation: Conversation): Step {
  try {
    return conversation.next()
  } catch (error) {
    observer.defect(error)
    const reply = conversation.reply(DEFECT)
    return { kind: 'violation', error: '', text: typeof reply === 'string' ? reply : reply.text }
  }
}

/**
 * Answers one request: by its reply at once, or by a promise of its result. Nothing here throws;
 * should it do so all the same, this request alone suffers.
 */
export function answer(
  context: ListenerContext,
  conversation: Conversation,
  step: AnsweredStep,
): Reply | Promise<Result> {
  try {
    if (step.kind === 'ask') return ask(context, conversation, step)
    return 'request' in step ? store(context, conversation, step) : refuse(context, step)
  } catch (error) {
    context.observer.defect(error)
    return conversation.reply(DEFECT)
  }
}

/** Encodes a result that was waited for; should that fail, this request alone suffers. */
export function encode({ observer }: ListenerContext, conversation: Conversation, result: Result): Reply {
  try {
    return conversation.reply(result)
  } catch (error) {
    observer.defect(error)
    return conversation.reply(DEFECT)
  }
}

function ask(
  context: ListenerContext,
  conversation: Conversation,
  step: AskStep,
): Reply | Promise<LookupResult> {
  if (!context.serves(step.table)) {
    const { observer } = context
    observer.protocolError('table')
    observer.lookupRefused(step, context.whyNotServed(step.table))
    return conversation.reply(NO_TABLE)
  }
  const result = context.lookup.lookup(step)
  return result instanceof Promise ? result : conversation.reply(result)
}

function store(
  context: ListenerContext,
  conversation: Conversation,
  { request }: StoreStep,
): Reply | Promise<StoreResult> {
  if (!context.serves(request.table)) {
    context.observer.protocolError('table')
    context.observer.changeRefused(request.table)
    return conversation.reply(NO_TABLE)
  }
  const result = context.store.request(request)
  return result instanceof Promise ? result : conversation.reply(result)
}

function refuse({ protocol, observer }: ListenerContext, step: ReplyStep): Reply {
  if (step.error !== undefined) observer.protocolError(step.error)
  if (step.refusedChange !== undefined) observer.changeRefused(step.refusedChange)
  if (step.result !== undefined)
    observer.lookupRefused({ protocol: protocol.name, table: '', key: NO_KEY }, step.result)
  return step
}
