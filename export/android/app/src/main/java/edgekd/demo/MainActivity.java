package edgekd.demo;

import android.app.Activity;
import android.os.Bundle;
import android.text.Editable;
import android.text.TextWatcher;
import android.widget.EditText;
import android.widget.TextView;
import edgekd.intents.BundleException;
import edgekd.intents.Intents;
import edgekd.intents.Result;
import edgekd.intents.Slot;

/** A text field, and below it what the model says while one types. */
public final class MainActivity extends Activity implements TextWatcher {
    private Intents intents;
    private TextView answer;

    @Override
    protected void onCreate(Bundle state) {
        super.onCreate(state);
        setContentView(R.layout.main);
        answer = findViewById(R.id.answer);
        try {
            intents = Intents.load(name -> getAssets().open("bundle/" + name));
        } catch (BundleException error) {
            answer.setText(error.getMessage());
            return;
        }
        EditText text = findViewById(R.id.text);
        text.addTextChangedListener(this);
    }

    @Override
    protected void onDestroy() {
        if (intents != null) {
            intents.close();
        }
        super.onDestroy();
    }

    @Override
    public void afterTextChanged(Editable text) {
        // A prediction takes well under a millisecond, so it may run on the main thread.
        long start = System.nanoTime();
        Result result = intents.predict(text.toString());
        double milliseconds = (System.nanoTime() - start) / 1e6;
        answer.setText(describe(result) + getString(R.string.latency, milliseconds));
    }

    private String describe(Result result) {
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < result.labels.size(); i++) {
            lines.append(getString(R.string.label, result.labels.get(i), 100 * result.scores.get(i))).append('\n');
        }
        for (Slot slot : result.slots) {
            lines.append(getString(R.string.slot, slot.slot, slot.text)).append('\n');
        }
        if (result.outOfScope) {
            lines.append(getString(R.string.out_of_scope)).append('\n');
        }
        if (result.truncated) {
            lines.append(getString(R.string.truncated)).append('\n');
        }
        return lines.toString();
    }

    @Override
    public void beforeTextChanged(CharSequence text, int start, int count, int after) {}

    @Override
    public void onTextChanged(CharSequence text, int start, int before, int count) {}
}
