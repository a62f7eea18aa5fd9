import { TOO_BIG } from './model.ts';

/** What is wrong with a payload's form: paths from the payload on. */
type Check = (value: unknown, path: string) => readonly string[];
type Fields = Readonly<Record<string, { readonly check: Check; readonly isOptional?: true }>>;

const only =
  (isGood: (value: unknown) => boolean): Check =>
  (value, path) =>
    isGood(value) ? [] : [path];

const isText = (value: unknown): value is string =>
  typeof value === 'string' && value.isWellFormed();
const isId =
  (most: number) =>
  (value: unknown): boolean =>
    isText(value) && value !== '' && Buffer.byteLength(value) <= most && !/\p{Cc}/u.test(value);

const actor = only(isId(128));
const id = only(isId(256));
const text = only(isText);
const filled = only((value) => isText(value) && value !== '');
const destination = only((value) => isText(value) && value !== '' && value.length <= 512);
const number = only((value) => Number.isFinite(value));
const count = only((value) => Number.isSafeInteger(value) && Number(value) >= 1);
const instant = only((value) => Number.isSafeInteger(value) && Number(value) >= 0);
// What a CID is has no rule yet but D4, which is of the dispute: any word of letters and digits may be one.
const cid = only((value) => isText(value) && /^[A-Za-z0-9]{1,128}$/.test(value));
const oneOf = (...values: readonly unknown[]): Check => only((value) => values.includes(value));
const orNull =
  (check: Check): Check =>
  (value, path) =>
    value === null ? [] : check(value, path);

const isDecimal = (value: unknown): boolean =>
  typeof value === 'string' && /^(0|[1-9][0-9]*)$/.test(value) && BigInt(value) < TOO_BIG;
const units = only((value) => isDecimal(value) && value !== '0');
const currency = only((value) => isText(value) && /^[A-Z][A-Z0-9]{1,11}$/.test(value));

const record =
  (fields: Fields): Check =>
  (value, path) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return [path];
    const at = (key: string) => (path === '' ? key : `${path}.${key}`);
    const unknown = Object.keys(value).filter((key) => !Object.hasOwn(fields, key));
    const known = Object.entries(fields).flatMap(([key, { check, isOptional }]) => {
      if (Object.hasOwn(value, key)) return check((value as Record<string, unknown>)[key], at(key));
      return isOptional ? [] : [at(key)];
    });
    return [...unknown.map(at), ...known];
  };

const must = (check: Check) => ({ check });
const may = (check: Check) => ({ check, isOptional: true }) as const;

const list =
  (check: Check, most = Infinity): Check =>
  (value, path) => {
    if (!Array.isArray(value) || value.length > most) return [path];
    return value.flatMap((item, i) => check(item, `${path}[${i}]`));
  };

const money = record({ currency: must(currency), amount: must(units) });
const termsMoney = record({ currency: must(currency), amount: must(only(isDecimal)) });

const amounts: Check = (value, path) => {
  const wrong = list(money)(value, path);
  if (wrong.length > 0) return wrong;
  const codes = (value as readonly { currency: string }[]).map((one) => one.currency);
  return codes.every((code, i) => i === 0 || codes[i - 1]! < code) ? [] : [path];
};

const settlement: Check = (value, path) => {
  const type = (value as { readonly type?: unknown } | null)?.type;
  if (type === 'PartialRefund') {
    return record({ type: must(text), refund: must(amounts) })(value, path);
  }
  const wrong = record({ type: must(oneOf('RefundBuyer', 'ReleaseSeller')) })(value, path);
  return wrong.length > 0 ? [path, ...wrong] : [];
};

const arbiter: Check = (value, path) =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, 'electorate')
    ? record({ electorate: must(id) })(value, path)
    : record({ actor: must(actor), ruleWithinMs: may(number) })(value, path);

const silence = oneOf('refund', 'release');
const terms = record({
  buyer: must(actor),
  seller: must(actor),
  royalty: may(orNull(record({ agreementId: must(id), version: must(number), hash: must(text) }))),
  milestones: must(
    list(record({ title: must(text), amount: must(termsMoney), deliverWithinMs: may(number) })),
  ),
  split: may(list(record({ party: must(actor), sharePpm: must(number) }))),
  arbiter: must(arbiter),
  acceptWithinMs: may(number),
  fundWithinMs: may(number),
  reviewMs: may(number),
  releaseAfterMs: may(number),
  onSilence: may(record({ locked: may(silence), awaitingRelease: may(silence) })),
  onNoRuling: may(oneOf('asSilence', 'refund', 'release', 'half')),
  payouts: may(
    list(record({ party: must(actor), rail: must(id), destination: must(destination) })),
  ),
  memo: may(orNull(text)),
});

const grounds = list(cid, 8);
const consents = list(record({ party: must(actor), by: must(id) }));
const purpose = record({ stream: must(id), item: must(orNull(id)) });
const reasons = oneOf('NonDelivery', 'WrongItem', 'QualityIssue', 'UnauthorizedCharge');

/** The payload of every command, by category. */
const forms: Readonly<Record<string, Readonly<Record<string, Check>>>> = {
  escrow: {
    OpenEscrow: record({ terms: must(terms), consents: may(consents) }),
    AmendTerms: record({ terms: must(terms) }),
    AcceptTerms: record({ version: must(count), termsHash: may(text) }),
    CancelEscrow: record({}),
    LockFunds: record({ holdId: must(id), payer: must(actor), amounts: must(amounts) }),
    ExtendDelivery: record({ until: must(instant) }),
    MarkDelivered: record({ milestone: must(count), proof: may(cid) }),
    ReleaseFunds: record({ milestone: must(count), amount: may(money) }),
    RefundBuyer: record({}),
    OfferSettlement: record({ refund: must(amounts) }),
    AcceptSettlement: record({ offerNo: must(count) }),
    ConcedeDispute: record({}),
    RaiseDispute: record({
      reason: must(reasons),
      claim: must(settlement),
      grounds: must(grounds),
    }),
    SettleDispute: record({ outcome: must(settlement), grounds: must(grounds) }),
    ExpireEscrow: record({}),
  },
  account: {
    PlaceHold: record({ purpose: must(purpose), amounts: may(amounts), consent: may(id) }),
    ReviewHold: record({ holdId: must(id) }),
    RequestWithdrawal: record({
      money: must(money),
      rail: must(id),
      destination: must(destination),
    }),
    ConfirmWithdrawal: record({ withdrawalId: must(id), railRef: must(id) }),
    FailWithdrawal: record({ withdrawalId: must(id), reason: must(filled) }),
    FreezeAccount: record({ reason: must(filled) }),
    UnfreezeAccount: record({}),
  },
  deposit: {
    RecordDeposit: record({
      rail: must(id),
      ref: must(id),
      owner: must(actor),
      money: must(money),
      note: must(orNull(filled)),
    }),
  },
};

/** What of a command is malformed, as paths; none: nothing. */
export const misshapen = (
  category: string,
  stream: string,
  command: string,
  data: unknown,
): readonly string[] => {
  const known = Object.hasOwn(forms, category) ? forms[category]! : undefined;
  if (known === undefined || !isId(256)(stream)) return ['stream'];
  const check = Object.hasOwn(known, command) ? known[command]! : undefined;
  if (check === undefined) return ['command'];
  const wrong = check(data, '');
  if (wrong.length > 0 || category !== 'deposit') return wrong;
  const { rail, ref, note } = data as Record<string, unknown>;
  if (stream !== `deposit-${String(rail)}.${String(ref)}`) return ['ref', 'rail', 'stream'];
  return (note === null) === (rail === 'adjustment') ? ['note'] : [];
};

const line = record({
  stream: must(text),
  command: must(text),
  data: must(only((value) => typeof value === 'object' && value !== null && !Array.isArray(value))),
  actor: must((value, path) =>
    typeof value === 'string'
      ? actor(value, path)
      : record({ id: must(actor), roles: must(list(filled)) })(value, path),
  ),
  at: must(instant),
  id: may(id),
});

const loneSurrogates = (value: unknown, path: string): readonly string[] => {
  if (typeof value === 'string') return value.isWellFormed() ? [] : [path];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, one]) =>
    loneSurrogates(one, Array.isArray(value) ? `${path}[${key}]` : `${path}.${key}`),
  );
};

/** What of a line is malformed before its command is looked at: its fields, or text that no canonical bytes stand for. */
export const misshapenLine = (value: unknown): readonly string[] => {
  const wrong = line(value, '');
  return wrong.length > 0 ? wrong : loneSurrogates((value as { data: unknown }).data, 'data');
};
