// What the shop sells, as one needs it while talking: stock, what comes when, what to offer instead, a promise to call.
import { Package, Search } from "lucide-preact";
import { useEffect, useState } from "preact/hooks";
import { useAnswer } from "../api/answer";
import { get, part, post } from "../api/client";
import { me } from "../api/session";
import type { Goods, GoodsCard } from "../api/types";
import { Lamp } from "../parts/lamp";
import { Empty, Loading, Panel } from "../parts/small";
import { attempt } from "../sayings";
import { day, number as spelled, percent, t } from "../words";

export function GoodsPage() {
  return (
    <Panel title={t("goods")}>
      <GoodsSearch number="" agent={me.value} />
    </Panel>
  );
}

/** `number`: whom a promise would be for; empty: it is asked for. */
export function GoodsSearch({ compact = false, number, agent }: { compact?: boolean; number: string; agent: string }) {
  const [text, setText] = useState("");
  const [asked, setAsked] = useState("");
  const [open, setOpen] = useState("");
  useEffect(() => {
    const timer = setTimeout(() => setAsked(text.trim()), 200);
    return () => clearTimeout(timer);
  }, [text]);
  const found = useAnswer<Goods[]>(compact && !asked ? null : `?${asked}`, () => get("/goods", { q: asked, limit: compact ? 6 : 40 }), true);
  return (
    <div class="inside stack">
      <label class="search">
        <Search size={18} aria-hidden="true" />
        <span class="visually-hidden">{t("goods.search")}</span>
        <input class="input" type="search" placeholder={t("goods.search")} value={text}
          onInput={(event) => setText(event.currentTarget.value)} />
      </label>
      {found.value && !found.value.length && (
        <Empty icon={Package} title={t(asked ? "goods.nothing" : "goods.none")}>
          {t(asked ? "goods.nothing.more" : "goods.none.more")}
        </Empty>
      )}
      {!compact && found.error !== null && <Empty icon={Package} title={t("goods.none")} />}
      <ul class="goods">
        {found.value?.map((article) => (
          <li key={article.sku}>
            <button class="row tight" type="button" aria-expanded={open === article.sku}
              onClick={() => setOpen(open === article.sku ? "" : article.sku)}>
              <span class="grow">
                <span class="strong block">{article.name || article.sku}</span>
                <span class="small soft">{article.sku}</span>
              </span>
              <Lamp tone={article.stock ? "ready" : "out"} tag>
                {article.stock ? t("goods.stock", { n: article.stock }) : t("goods.out")}
              </Lamp>
            </button>
            {open === article.sku && <Card sku={article.sku} number={number} agent={agent} />}
          </li>
        ))}
      </ul>
    </div>
  );
}

function Card({ sku, number, agent }: { sku: string; number: string; agent: string }) {
  const card = useAnswer<GoodsCard>(sku, () => get(`/goods/${part(sku)}`));
  const [whom, setWhom] = useState(number);
  const [note, setNote] = useState("");
  const known = card.value;
  if (!known) return <Loading />;
  return (
    <div class="article stack">
      {known.goods.supplier_comment && <Said by={t("goods.supplier")} text={known.goods.supplier_comment} />}
      {known.goods.buyer_comment && <Said by={t("goods.buyer")} text={known.goods.buyer_comment} />}
      {known.expected.map((coming) => (
        <p key={coming.supply.reference}>
          {t("goods.comes", { n: coming.supply.quantity, likely: day(coming.likely), cautious: day(coming.cautious) })}
          <span class="small soft"> {coming.supply.supplier}</span>
        </p>
      ))}
      {known.suppliers.map((supplier) => (
        <p key={supplier.name} class="small soft">
          {t("goods.punctual", { name: supplier.name, share: percent(supplier.on_time), n: supplier.deliveries })}
        </p>
      ))}
      {known.alternatives.length > 0 && (
        <p>
          <span class="soft">{t("goods.instead")} </span>
          {known.alternatives.map((other) => `${other.name || other.sku} (${spelled(other.stock)})`).join(", ")}
        </p>
      )}
      {agent && !known.goods.stock && (
        <form class="row"
          onSubmit={(event) => {
            event.preventDefault();
            void attempt(() => post(`/goods/${part(sku)}/bookmark`, { number: whom, agent, note }), t("goods.promised")).then(card.again);
          }}>
          <input class="input narrow" required aria-label={t("goods.whom")} placeholder={t("goods.whom")} value={whom}
            onInput={(event) => setWhom(event.currentTarget.value)} />
          <input class="input narrow" aria-label={t("goods.note")} placeholder={t("goods.note")} maxLength={500} value={note}
            onInput={(event) => setNote(event.currentTarget.value)} />
          <button class="button" type="submit">
            {t("goods.promise")}
          </button>
          {known.bookmarks > 0 && <span class="small soft">{t("goods.awaited", { n: known.bookmarks })}</span>}
        </form>
      )}
    </div>
  );
}

function Said({ by, text }: { by: string; text: string }) {
  return (
    <p>
      <span class="small soft block">{by}</span>
      {text}
    </p>
  );
}
