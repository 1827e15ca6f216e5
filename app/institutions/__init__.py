"""Agreement institutions (协议机构): who may settle directly, for what, where and since when."""
