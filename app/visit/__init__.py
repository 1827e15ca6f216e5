"""Visit (就诊): an inpatient stay, the fitting of a device, or in-province an outpatient visit.

The institution admits, uploads what it charges, discharges; settlement then closes the visit.
Life: admitted -> discharged -> settled, undone strictly backwards; cancelled from admitted.
A fitting and an outpatient visit have no discharge. Carries out 京人社工发〔2025〕5号 三(三).
"""
