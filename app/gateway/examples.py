"""An example message for each transaction, put together from its mapping.

What is shown as exchanged in docs/gateway really was; these are for forms to fill in.
"""

from __future__ import annotations

from collections.abc import Mapping

from app.gateway.mapping import FieldType, InputField, InputNode, envelope, transactions
from app.reference.value_sets import value_sets

SENDER = "H37010000001"
HEADER: Mapping[str, str] = {
    "msgid": f"{SENDER}202509010900000001",
    "mdtrtarea_admvs": "370100",
    "insuplc_admdvs": "110000",
    "recer_sys_code": "GSYD",
    "infver": "V1.0",
    "opter_type": "1",
    "opter": "0017",
    "opter_name": "测试员",
    "inf_time": "2025-09-01 09:00:00",
    "fixmedins_code": SENDER,
    "fixmedins_name": "示例医院",
}
BY_TYPE: Mapping[FieldType, str] = {
    FieldType.DAY: "2025-09-01",
    FieldType.INSTANT: "2025-09-01 08:30:00",
    FieldType.AMOUNT: "19.20",
    FieldType.QUANTITY: "6",
    FieldType.PRICE: "3.2",
    FieldType.COUNT: "1",
    FieldType.FILE: "",
}
BY_NAME: Mapping[str, str] = {
    "psn_no": "W1100002509010000001",
    "mdtrt_id": "S3701002509010000001",
    "setl_id": "A3701002509010000001",
    "trt_dcla_detl_sn": "Y1100002509010000001",
    "mdtrtarea_admdvs": "370000",
    "feedetl_sn": "F0001",
    "fixmedins_code": SENDER,
    "med_list_codg": "D010001",
    "medins_list_codg": "YP0001",
    "mdtrt_cert_no": "A00000000",
    "certno": "11000019600101001X",
    "psn_name": "赵例甲甲",
    "dscg_maindiag_code": "S82.2",
    "diag_code": "S82.2",
}


def example_of(number: str) -> dict[str, object]:
    """Write a message with every required field of a transaction."""
    it = transactions()[number]
    header = {each.name: HEADER.get(each.name, "") for each in envelope().fields}
    body = {node.name: _node(node) for node in it.inputs}
    return header | {"infno": number, "input": body}


def _node(node: InputNode) -> object:
    row = {it.name: _value(it) for it in node.fields if it.required}
    if not row and not node.optional:  # a node that may not be empty: by what one knows of oneself
        row = {it.name: _value(it) for it in node.fields if it.name in BY_NAME}
    return [row] if node.many and node.rows_max > 1 else row


def _value(it: InputField) -> str:
    if it.name in BY_NAME:
        return BY_NAME[it.name]
    if it.value_set:
        return value_sets()[it.value_set].values[0].value
    return BY_TYPE.get(it.type, it.zh)
