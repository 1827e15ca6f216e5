"""Filing (备案): a worker's leave to be treated elsewhere and settled directly.

A channel submits and the insured agency decides, or the agency uploads what it took in offline;
admission asks which filing covers a place, a cost kind and a day.
Life: submitted -> approved | rejected; approved -> expired | cancelled | changed | terminated.
"""
