"""What may be a target, as a table: lesion at baseline, whether it is measurable, and why. Diameters are 0.1 mm."""

from trialwright.derive.measurability import BaselineLesion

LESIONS = (
    (BaselineLesion("lung", False, 100), True, "is at least 10 mm"),
    (BaselineLesion("lung", False, 99), False, "is below 10 mm: non-target"),
    (BaselineLesion("neck", True, 150), True, "is a node of at least 15 mm"),
    (BaselineLesion("neck", True, 149), False, "is a node of 10 to below 15 mm: non-target"),
    (BaselineLesion("neck", True, 100), False, "is a node of 10 to below 15 mm: non-target"),
    (BaselineLesion("neck", True, 99), False, "is a node below 10 mm: no disease"),
    (BaselineLesion("bone", False, 300), False, "is a bone lesion without a part of soft tissue"),
    (BaselineLesion("bone", False, 300, soft_tissue=True), True, "is at least 10 mm"),
    (BaselineLesion("bone", False, 99, soft_tissue=True), False, "is below 10 mm: non-target"),
    (BaselineLesion("lung", False, 300, irradiated=True), False, "was irradiated and has not grown since"),
    (BaselineLesion("lung", False, 300, irradiated=True, grown_since=True), True, "is at least 10 mm"),
    (BaselineLesion("pleura", False, None), False, "was not measured"),
)
COUNTS = (
    ("five targets in three organs", {"lung": 2, "liver": 2, "skin": 1}, ()),
    ("six targets", {"lung": 2, "liver": 2, "skin": 2}, ("at most 5 targets",)),
    ("two in an organ", {"lung": 2}, ()),
    ("three in an organ", {"lung": 3}, ("at most 2 targets in an organ",)),
    ("lymph nodes are one organ", {"neck node": 2, "groin node": 1}, ("at most 2 targets in an organ",)),
)
