"""The personas (体验人物): synthetic workers who each show one rule, and what to expect of them.

What is promised is worked out from the price list and the law alone, never asked of the hub.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass

from app.entitlement.model import CardKind, CertificateKind, DeterminationKind
from app.filing.model import FilingKind
from app.kernel.costs import CostKind
from app.kernel.money import ZERO, Money
from app.kernel.regions import province_of
from app.sandbox.catalogues import CatalogueRow, ItemKind, items_of
from app.sandbox.people import PEOPLE_MAX, SyntheticPerson, person

BEIJING, SHANDONG, LIAONING, BINGTUAN = "110000", "370000", "210000", "660000"
HOSPITAL = "H37010000001"  # 山东中医药大学第二附属医院
FITTER = "A37010000001"  # 德林义肢矫型器（北京）有限公司济南分公司
# Above everybody else who plays: so many sets until a reset.
FIRST_PERSON = 16_000_000
SETS_MAX = 4_000


class Ends(enum.StrEnum):
    """When a persona's filing runs out, seen from the day the persona is made."""

    LATER = "later"
    YESTERDAY = "yesterday"
    IN_FIVE_DAYS = "in_five_days"


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """One item to be charged; the price is the cap and `over` above it."""

    kind: ItemKind
    quantity: int = 1
    over: Money = ZERO
    injury_related: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Persona:
    """One persona: how it is made, what to try with it, what to expect.

    With `refusals` the admission is refused with exactly these; without, the visit settles.
    """

    key: str
    title: str
    title_zh: str
    explains: str
    explains_zh: str
    insured_place: str = BEIJING
    certificate_kind: CertificateKind = CertificateKind.SOCIAL_SECURITY_NUMBER
    card_kind: CardKind = CardKind.PHYSICAL
    determinations: tuple[DeterminationKind, ...] = (DeterminationKind.INJURY,)
    third_party: bool = False
    filing_kind: FilingKind = FilingKind.RESIDENCE
    filed_for: str = SHANDONG
    ends: Ends = Ends.LATER
    lost: bool = False
    cost_kind: CostKind = CostKind.MEDICAL
    charges: tuple[Charge, ...] = ()
    refusals: tuple[str, ...] = ()

    @property
    def institution(self) -> str:
        """Return the institution to be: the one for the kind of cost."""
        return FITTER if self.cost_kind is CostKind.DEVICE else HOSPITAL


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedCharge:
    """A charge with its item; `fund` is what ought to come of it."""

    item: CatalogueRow
    quantity: int
    price: Money
    injury_related: bool

    @property
    def amount(self) -> Money:
        """Return quantity × price."""
        return Money(self.price.fen * self.quantity)

    @property
    def fund(self) -> Money:
        """An item for the injury is paid up to its cap, any other not at all."""
        assert self.item.cap is not None, "only capped items are charged"
        return Money(self.item.cap.fen * self.quantity if self.injury_related else 0)


STAY = (Charge(kind="bed"), Charge(kind="service"), Charge(kind="drug", quantity=4))
PERSONAS: tuple[Persona, ...] = (
    Persona(
        key="valid-filing",
        title="Valid filing",
        title_zh="备案有效",
        explains="Insured in Beijing, filed for Shandong ten days ago. One drug is charged above "
        "its cap: the fund pays up to the cap.",
        explains_zh="参保地北京，十日前备案至山东。其中一种药品超最高支付标准，基金按标准支付。",
        charges=(*STAY, Charge(kind="drug", quantity=2, over=Money.yuan("1.50"))),
    ),
    Persona(
        key="expired-yesterday",
        title="Filing expired yesterday",
        title_zh="备案昨日届满",
        explains="The filing's last day was yesterday: an admission today is refused.",
        explains_zh="备案有效期昨日届满，今日入院登记予以拒绝。",
        ends=Ends.YESTERDAY,
        refusals=("filing-expired",),
    ),
    Persona(
        key="wrong-province",
        title="Filed for another province",
        title_zh="备案就医地不符",
        explains="Filed for Liaoning, and now at a hospital in Shandong.",
        explains_zh="备案就医地为辽宁，却到山东的医院就诊。",
        filed_for=LIAONING,
        refusals=("filing-area-mismatch",),
    ),
    Persona(
        key="referral-five-days-left",
        title="Referral with five days left",
        title_zh="转诊备案仅余五日",
        explains="The admission day decides: admitted today the stay settles, even if it outlives "
        "the filing. Move the clock past `last_day` first and it is refused with filing-expired. "
        "Six days where no filing of six months ends on the fifth.",
        explains_zh="以入院日为准：今日入院，即使住院跨越届满日仍可结算；将时钟调过 last_day 后再"
        "入院，则以 filing-expired 拒绝。若无对应日，则余六日。",
        filing_kind=FilingKind.REFERRAL,
        ends=Ends.IN_FIVE_DAYS,
        charges=STAY,
    ),
    Persona(
        key="entitlement-lost",
        title="Entitlement lost",
        title_zh="已丧失待遇资格",
        explains="The insured agency recorded the loss yesterday, which terminated the filing: "
        "both reasons are told at once.",
        explains_zh="参保地昨日登记丧失待遇资格，备案随之终止：两项原因一次返回。",
        lost=True,
        refusals=("entitlement-lost", "filing-terminated"),
    ),
    Persona(
        key="third-party",
        title="Third-party liability",
        title_zh="涉及第三方责任",
        explains="The injury has a liable third party: not settled directly.",
        explains_zh="工伤涉及第三方责任，不予直接结算。",
        third_party=True,
        refusals=("third-party-liable",),
    ),
    Persona(
        key="two-injuries",
        title="Two injuries",
        title_zh="两次工伤认定",
        explains="Two injury determinations are on record; the admission names the one it is for.",
        explains_zh="在册两次工伤认定，入院登记时指明所依据的一次。",
        determinations=(DeterminationKind.INJURY, DeterminationKind.INJURY),
        charges=STAY,
    ),
    Persona(
        key="device-over-cap",
        title="Device over the cap",
        title_zh="辅助器具超最高限额",
        explains="A device 1,000 yuan above the cap of the insured place (Beijing): the fund pays "
        "the cap. A fitting has no discharge.",
        explains_zh="辅助器具价格超参保地（北京）最高限额 1000 元，基金按限额支付；"
        "配置无出院环节。",
        determinations=(DeterminationKind.INJURY, DeterminationKind.DEVICE),
        cost_kind=CostKind.DEVICE,
        charges=(Charge(kind="device", over=Money.yuan("1000.00")),),
    ),
    Persona(
        key="injury-and-illness",
        title="Mixed bill of injury and illness",
        title_zh="伤病混合账单",
        explains="What does not treat the injury is the worker's own (伤病分离).",
        explains_zh="与工伤无关的费用由个人负担（伤病分离）。",
        charges=(
            *STAY,
            Charge(kind="drug", quantity=3, injury_related=False),
            Charge(kind="service", injury_related=False),
        ),
    ),
    Persona(
        key="bingtuan",
        title="Worker of the Xinjiang Production and Construction Corps",
        title_zh="兵团职工",
        explains="Insured with the Corps (660000), a pooling of its own: claims go 660000 → 370000 "
        "although the person's number begins with Xinjiang's.",
        explains_zh="参保地为新疆生产建设兵团（660000），独立统筹：费用由 660000 与 370000 清算，"
        "身份号码仍以新疆区划开头。",
        insured_place=BINGTUAN,
        charges=STAY,
    ),
    Persona(
        key="e-card-only",
        title="E-card only",
        title_zh="仅有电子社保卡",
        explains="No physical card was issued: identify with the token of the electronic card.",
        explains_zh="未发放实体卡，使用电子社保卡令牌核验身份。",
        card_kind=CardKind.ELECTRONIC,
        charges=STAY,
    ),
    Persona(
        key="foreigner-with-passport",
        title="Foreigner with a passport",
        title_zh="持护照的外籍职工",
        explains="Registered by passport, with a social security card all the same; letters and "
        "spaces of the name compare as typed habits differ.",
        explains_zh="以护照登记，同样持有社会保障卡；姓名比对忽略大小写与空格。",
        certificate_kind=CertificateKind.PASSPORT,
        charges=STAY,
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What a persona shows at the desk."""

    certificate_number: str
    name: str
    card: str
    who: SyntheticPerson


def identity_of(it: Persona, set_number: int) -> Identity:
    """Return who a persona is in a set; no two sets share anybody."""
    assert 0 < set_number <= SETS_MAX, "there are so many sets until a reset"
    index = FIRST_PERSON + set_number * len(PERSONAS) + PERSONAS.index(it)
    assert index < PEOPLE_MAX, "the sets end before the people do"
    who = person(index, it.insured_place)
    foreign = it.certificate_kind is CertificateKind.PASSPORT
    electronic = it.card_kind is CardKind.ELECTRONIC
    return Identity(
        certificate_number=f"EX{index}" if foreign else who.number,
        name="SAMPLE WORKER ANNA" if foreign else who.name,
        card=f"sample-ecard-{index}" if electronic else who.card_number,
        who=who,
    )


def bill_of(it: Persona) -> Sequence[PricedCharge]:
    """Price what is charged: each item once, from the list that judges it."""
    place = it.insured_place if it.cost_kind is CostKind.DEVICE else SHANDONG
    shelves = {kind: _shelf(province_of(place), kind) for kind in {c.kind for c in it.charges}}
    bill = []
    for charge in it.charges:
        item = shelves[charge.kind].pop(0)
        assert item.cap is not None, "the shelf holds capped items"
        bill.append(
            PricedCharge(
                item=item,
                quantity=charge.quantity,
                price=item.cap + charge.over,
                injury_related=charge.injury_related,
            )
        )
    return bill


def _shelf(place: str, kind: ItemKind) -> list[CatalogueRow]:
    return [it for it in items_of(place, kind) if it.cap is not None and not it.restricted]
