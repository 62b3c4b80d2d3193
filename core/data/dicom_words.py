"""The words of the DICOM standard that tell a chest film from other pictures: modalities, body parts, views.

References:
    DICOM PS3.3, C.7.3.1.1.1 (modalities), C.8.7.1.1 and C.8.11.5.1 (view position); PS3.16, CID 4010 (views), Annex L
    (body parts).
"""

from __future__ import annotations

OLDEST_TOLD = 90  # years; stands for every age above 89 (HIPAA, 45 CFR 164.514(b)(2)(i)(C))
WANTED = ("CR", "DX", "RG")
OTHER_MODALITIES = frozenset([
    "AR", "AU", "BDUS", "BI", "BMD", "CFM", "CT", "CTPROTOCOL", "DG", "DMS", "DOC", "ECG", "EEG", "EMG", "EOG", "EPS",
    "ES", "FID", "GM", "HC", "HD", "IO", "IVOCT", "IVUS", "KER", "KO", "LEN", "LS", "M3D", "MG", "MR", "NM", "OAM",
    "OCT", "OP", "OPM", "OPT", "OPTBSV", "OPTENF", "OPV", "OSS", "OT", "PA", "PLAN", "POS", "PR", "PT", "PX", "REG",
    "RESP", "RF", "RTDOSE", "RTIMAGE", "RTINTENT", "RTPLAN", "RTRAD", "RTRECORD", "RTSEGANN", "RTSTRUCT", "RWV", "SC",
    "SEG", "SM", "SMR", "SR", "SRF", "STAIN", "TEXTUREMAP", "TG", "US", "VA", "XA", "XC",
])  # fmt: skip
CHEST = ("CHEST", "THORAX", "LUNG", "RIB", "TORSO")  # a body part with one of these in it is wanted
ELSEWHERE = frozenset([
    "ABDOMEN", "ABDOMENPELVIS", "ANKLE", "ARM", "BREAST", "CALCANEUS", "CALF", "CERVICALSPINE", "COCCYX", "CSPINE",
    "ELBOW", "EXTREMITY", "EYE", "FACE", "FACIAL", "FEMUR", "FIBULA", "FINGER", "FOOT", "FOREARM", "HAND", "HEAD",
    "HEADNECK", "HEEL", "HIP", "HUMERUS", "JAW", "KNEE", "LEG", "LOWERLEG", "LSPINE", "LSSPINE", "LUMBARSPINE",
    "MANDIBLE", "MAXILLA", "NECK", "NOSE", "ORBIT", "PATELLA", "PELVIS", "RADIUS", "SACRUM", "SCAPULA", "SHOULDER",
    "SINUS", "SKULL", "SPINE", "TEETH", "THIGH", "THUMB", "TIBIA", "TLSPINE", "TOE", "TSPINE", "ULNA", "WRIST",
])  # fmt: skip
LATERAL, OBLIQUE, DECUBITUS = "lateral view", "oblique view", "decubitus view"
VIEWS = {  # as we call them: why it is refused
    "PA": None,
    "AP": None,
    **dict.fromkeys(("LL", "RL", "LAT"), LATERAL),
    **dict.fromkeys(("LAO", "RAO", "LPO", "RPO", "LLO", "RLO", "OBL"), OBLIQUE),
    **dict.fromkeys(("LLD", "RLD"), DECUBITUS),
}
VIEW_WORDS = {**{name: name for name in VIEWS}, "LATERAL": "LAT", "OBLIQUE": "OBL"}
VIEW_CODES = {  # SNOMED CT and the SNOMED RT code that older devices write
    **dict.fromkeys(("399348003", "R-10206"), "AP"),
    **dict.fromkeys(("272479007", "R-40888", "R-10214"), "PA"),
    **dict.fromkeys(("399173006", "R-10236"), "LL"),
    **dict.fromkeys(("399198007", "R-10232"), "RL"),
    **dict.fromkeys(("399067008", "R-102CD", "30730003", "G-A145", "R-10222"), "LAT"),
    **dict.fromkeys(("399352003", "R-10228", "399260004", "R-10224"), "LAT"),
    **dict.fromkeys(("399135007", "R-10220"), "LAO"),
    **dict.fromkeys(("399356000", "R-40985", "R-10218"), "RAO"),
    **dict.fromkeys(("399006002", "R-10212"), "LPO"),
    **dict.fromkeys(("399038007", "R-10210"), "RPO"),
    **dict.fromkeys(("399184004", "R-10238", "399236003", "R-10234", "399182000", "R-102C1"), "OBL"),
    **dict.fromkeys(("399312000", "R-10208", "399059000", "R-10216", "399160007", "R-10204"), "OBL"),
}
