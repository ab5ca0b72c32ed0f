"""Own photos in each form that `unscene new` takes, from the form to the report."""

import pandas as pd
import pytest

import own_forms

pytestmark = [pytest.mark.workflow, pytest.mark.real, pytest.mark.dear]


@pytest.fixture(scope="module", autouse=True)
def libraries(real_data):
    own_forms.import_libraries()


@pytest.mark.parametrize("form", own_forms.FORMS)
def test_a_form_becomes_pairs_a_contact_sheet_and_a_report(form, real_data, tmp_path, capsys):
    found = own_forms.run_form(form, real_data, tmp_path / "with a space")
    with capsys.disabled():
        print(f"\n{form}: {found['minutes']:.1f} minutes, {found['pairs']} pairs")
    results = found["run"] / "results"
    captions = pd.read_parquet(results / "samples/samples.parquet")["captions"]
    assert len(captions) == own_forms.PHOTOS
    each = 1 if form in ("cc tsv", "webdataset") else 5
    assert set(captions.map(len)) == {each}
    assert found["pairs"] >= 1
    assert (results / "quality/contact_sheet.png").is_file()
    assert "Nothing was trained" in (results / "report.html").read_text()
    assert "Traceback" not in found["said"]
