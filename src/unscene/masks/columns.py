"""The tables of the masks."""

from unscene.run.tables import Column, Table

MASKS = Table(
    "masks/{shard}.parquet",
    "wanted edit: a photo and a word that its captions name",
    (
        Column("edit_id", "text", "the name of the edit: image_id-category, spaces as _"),
        Column("image_id", "text", "the photo (samples.parquet)"),
        Column("category", "text", "the word"),
        Column("instances", "integer", "objects of the category that the detector found", "objects"),
        Column("area_fraction", "number", "the object's share of the photo, before dilation", "0..1"),
        Column(
            "confidence", "number", "the detector's confidence in its surest object of the category", "0..1"
        ),
        Column("mask_path", "text", "the final mask, which is repainted; null unless the status is ok"),
        Column("status", "text", "ok, skipped or failed"),
        Column("reason", "text", "why there is no mask"),
        Column("score", "number", "confidence x area, by which a photo's edits are chosen"),
        Column("caption_position", "integer", "the first caption that names the object, from 0"),
        Column("mask_sha256", "text", "SHA-256 of the final mask's file"),
        Column("object_path", "text", "the mask of the object as it was found, before dilation"),
        Column("box_x0", "integer", "left edge of the object's box", "px"),
        Column("box_y0", "integer", "upper edge of the object's box", "px"),
        Column("box_x1", "integer", "right edge of the object's box, exclusive", "px"),
        Column("box_y1", "integer", "lower edge of the object's box, exclusive", "px"),
        Column("dilation_px", "number", "the radius by which the mask was grown", "px"),
        Column(
            "instance_boxes",
            "numbers",
            "x0 y0 x1 y1 of each object of the category that the detector found, the surest first",
            "px",
        ),
        Column("instance_confidences", "numbers", "the detector's confidence in each of these", "0..1"),
        Column("instance_joined", "numbers", "1 for each of these that the mask covers, 0 for one left out"),
        Column(
            "seen_boxes", "numbers", "x0 y0 x1 y1 of all that was seen on the photo, of any category", "px"
        ),
        Column(
            "taken",
            "texts",
            "other words of its captions whose objects lie in the mask by half or more, none elsewhere",
        ),
        Column("staying", "texts", "those of which an object is surely seen, and whole, outside the mask"),
        Column("batch_shape", "text", "photos x channels x height x width of the device's batch"),
        Column("found_by", "text", "detector, instances (the source's) or both; null when nothing was found"),
        Column(
            "instances_state", "text", "whether the source's instances of the photo were used, or why not"
        ),
        Column(
            "listed_instances", "integer", "the source's instances of the category, without crowds", "objects"
        ),
    ),
)
SEEN = Table(
    "masks/seen/{shard}.parquet",
    "pool photo that the detector looked at, since its source lists no objects",
    (
        Column("image_id", "text", "the photo"),
        Column("seen", "texts", "the words of the word list that it saw, in the list's order"),
        Column("confidences", "numbers", "its confidence in the surest object of each of these", "0..1"),
        Column("looked_for", "texts", "the words of the word list that it can see at all"),
        Column("status", "text", "ok or failed"),
        Column("reason", "text", "why the photo was not looked at"),
    ),
)
