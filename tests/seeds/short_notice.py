"""A short notice of our own making, laid out as published ones are when turned into text."""

from __future__ import annotations

HEADING = """示例省人力资源和社会保障厅 示例省财政厅
示例省卫生健康委员会关于试行示例的
通  知

各市：
一、自2024年4月1日起，示例省内。
二、自2024年4月1日起，示例跨省。

附件：1.示例省内异地就医协议机构
2.示例跨省异地就医协议机构
"""

COLUMNS = "\t地市\n\t协议机构名称\n\t协议机构\n类型\n\t医疗等级\n\t协议机构地址\n"

BONES = "\t杭州市\n\t例甲骨科医院\n\t医疗机构、康复机构\n\t三级甲等\n\t杭州市例区例路1号\n"
BONES_SHORTER = BONES.replace("杭州市例区例路", "杭州市例路")
TWO_NAMES = "\t杭州市\n\t例乙大学附属医院/杭州例乙医院\n\t医疗机构\n\t三级未定等\n\t杭州市乙路2号\n"
OLD_NAME = "\t宁波市\n\t例丙防治院（宁波例丙医院）\n\t医疗机构\n\t二级\n\t宁波市丙路3号\n"
COMPANY = "\t宁波市\n\t例丁器具（北京）有限公司宁波分公司\n\t辅助器具机构\n\t\n\t宁波市丁路4号\n"
CAMPUSES = (
    "\t宁波市\n\t例戊医学院附属医院\n\t康复机构\n\t三级\n\t戊路5号（院本部）/己路6号（东院区）\n"
)

FIRST_PAGE = f"{COLUMNS}\n{BONES}\n{TWO_NAMES}\n{OLD_NAME}"
SECOND_PAGE = f"{COLUMNS}\n{COMPANY}\n{CAMPUSES}"
IN_PROVINCE = (
    f"\f附件1\n\n示例省内异地就医直接结算协议机构（首批）\n\n{FIRST_PAGE}\n\f\n{SECOND_PAGE}"
)
ACROSS = (
    f"\n\n\f附件2\n\n示例跨省异地就医直接结算协议机构\n\n{COLUMNS}\n{BONES_SHORTER}\n{COMPANY}\n\f "
)
NOTICE = HEADING + IN_PROVINCE + ACROSS
