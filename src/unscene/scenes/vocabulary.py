"""The twelve of COCO's 80 words that are drawn, and the colours with their names."""

CATEGORIES = (
    "person",
    "dog",
    "cat",
    "car",
    "boat",
    "bird",
    "umbrella",
    "bench",
    "kite",
    "potted plant",
    "stop sign",
    "sports ball",
)

COLOURS = {
    "red": (205, 45, 45),
    "blue": (45, 85, 205),
    "green": (45, 150, 65),
    "yellow": (240, 205, 50),
    "orange": (240, 135, 35),
    "purple": (135, 65, 170),
    "pink": (240, 130, 175),
    "white": (240, 240, 236),
    "black": (38, 38, 44),
    "gray": (135, 138, 145),
    "brown": (125, 80, 45),
    "tan": (205, 165, 110),
    "golden": (220, 170, 75),
}

BRIGHT = ("red", "blue", "green", "yellow", "orange", "purple", "pink")
